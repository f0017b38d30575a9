//! The fake's REST API: what Discord's rules say to a call, and what the call does.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    APPLICATION, Call, Fake, GUILD, Seen, State0, TOKEN, Trouble, limits, parts, public_key, roles, schema, user,
};

pub(super) async fn answer(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (json, files) = parts::read(&headers, &body).unwrap_or_else(|wrong| {
        fake.fault(format!("{method} {uri}: {wrong}"));
        (Value::Null, Vec::new())
    });
    let Some(path) = uri.path().strip_prefix("/api/v10") else {
        if let Some(file) = uri.path().strip_prefix("/files/") {
            let file = fake.state().files.get(file).cloned();
            return file
                .map_or_else(|| StatusCode::NOT_FOUND.into_response(), axum::response::IntoResponse::into_response);
        }
        fake.fault(format!("{method} {uri}: no path of this version"));
        return StatusCode::NOT_FOUND.into_response();
    };
    fake.state().calls.push(Call { method: method.clone(), path: path.to_owned(), body: json.clone() });
    fake.news.notify_waiters();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let route = route(&method, &parts);
    let open = matches!(route, "callback" | "original" | "follow-up");
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !open && token != format!("Bot {TOKEN}") {
        return refused(401, 0);
    }
    let agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !agent.starts_with("DiscordBot (") {
        fake.fault(format!("{method} {path}: user agent {agent:?}"));
    }
    for wrong in wrong_with(route, &json) {
        fake.fault(format!("{method} {path}: {wrong} in {json}"));
    }
    if !files.is_empty() && fake.state().no_files {
        return refused(403, 50_013);
    }
    let counted = fake.state().rates.as_mut().map(|rates| rates.count(route, parts.get(1).unwrap_or(&"")));
    let left = match counted.transpose() {
        Ok(left) => left,
        Err(seconds) => {
            fake.fault(format!("{method} {path}: {seconds} s too early"));
            return limited(seconds, "user");
        }
    };
    let unreadable = parts.get(1).is_some_and(|channel| fake.state().unreadable.contains(*channel));
    let trouble = if route == "messages" && unreadable {
        Some(Trouble::Refused(500, 0))
    } else {
        fake.state().takes_trouble(route)
    };
    fake.state().sent_files.extend(files);
    fake.state().reads(route);
    let mut response = happens(&fake, trouble, (route, &parts), &uri, json).await;
    fake.state().has_read(route);
    // A server that fails says nothing about limits, and a limit has its own to say.
    if let Some(left) = left.filter(|_| response.status().as_u16() < 429) {
        left.tell(response.headers_mut());
    }
    response
}

/// The call is carried out, as far as nothing is in its way.
async fn happens(
    fake: &Fake,
    trouble: Option<Trouble>,
    (route, parts): (&str, &[&str]),
    uri: &Uri,
    json: Value,
) -> Response {
    match &trouble {
        Some(Trouble::Refused(status, code)) => return refused(*status, *code),
        Some(Trouble::Limited { seconds, global }) => {
            return limited(*seconds, if *global { "global" } else { "user" });
        }
        Some(Trouble::Slow(time)) => tokio::time::sleep(*time).await,
        _ => {}
    }
    let response = carry_out(fake, route, parts, uri, json);
    fake.news.notify_waiters();
    match trouble {
        Some(Trouble::Lost) => StatusCode::BAD_GATEWAY.into_response(),
        Some(Trouble::Cut) => {
            let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("gone")) });
            axum::body::Body::from_stream(broken).into_response()
        }
        Some(Trouble::Garbled) => "<html>".into_response(),
        Some(Trouble::Hang) => std::future::pending().await,
        _ => response,
    }
}

fn route(method: &Method, parts: &[&str]) -> &'static str {
    match (method.as_str(), parts) {
        ("GET", ["gateway", "bot"]) => "gateway",
        ("GET", ["applications", "@me"]) => "application",
        ("PUT", ["applications", APPLICATION, "commands"]) => "commands",
        ("GET", ["channels", _]) => "channel",
        ("GET", ["guilds", GUILD, "roles"]) => "roles",
        ("POST", ["channels", _, "messages"]) => "post",
        ("GET", ["channels", _, "messages"]) => "messages",
        ("PATCH", ["channels", _, "messages", _]) => "edit",
        ("DELETE", ["channels", _, "messages", _]) => "delete",
        ("POST", ["users", "@me", "channels"]) => "direct",
        ("POST", ["interactions", _, _, "callback"]) => "callback",
        ("PATCH", ["webhooks", APPLICATION, _, "messages", "@original"]) => "original",
        ("POST", ["webhooks", APPLICATION, _]) => "follow-up",
        _ => "unknown",
    }
}

fn wrong_with(route: &str, body: &Value) -> Vec<String> {
    let mut wrong = schema::against(route, body);
    match route {
        "post" | "edit" | "original" | "follow-up" => wrong.extend(limits::message(body)),
        "callback" => match body["type"].as_u64() {
            Some(4) => wrong.extend(limits::message(&body["data"])),
            Some(9) => wrong.extend(limits::modal(&body["data"])),
            Some(1 | 5 | 6 | 8) => {}
            other => wrong.push(format!("an answer of type {other:?}")),
        },
        "unknown" => wrong.push("no route".to_owned()),
        _ => {}
    }
    wrong
}

fn limited(seconds: f64, scope: &'static str) -> Response {
    let global = scope == "global";
    let body = json!({ "message": "You are being rate limited.", "retry_after": seconds, "global": global });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    let head = response.headers_mut();
    head.insert("retry-after", format!("{}", seconds.ceil()).parse().unwrap());
    head.insert("x-ratelimit-scope", HeaderValue::from_static(scope));
    response
}

fn refused(status: u16, code: u64) -> Response {
    let body = json!({ "message": "no", "code": code });
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

fn ok(body: &Value) -> Response {
    let mut response = axum::Json(body).into_response();
    let head = response.headers_mut();
    for (name, value) in
        [("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "49"), ("x-ratelimit-reset-after", "1.0")]
    {
        head.insert(name, value.parse().unwrap());
    }
    response
}

fn carry_out(fake: &Fake, route: &str, parts: &[&str], uri: &Uri, body: Value) -> Response {
    let mut state = fake.state();
    match (route, parts) {
        ("gateway", _) => {
            let limit = json!({
                "total": 1000, "remaining": state.gateway.remaining, "reset_after": 1000, "max_concurrency": 1,
            });
            ok(&json!({ "url": state.url, "shards": 1, "session_start_limit": limit }))
        }
        ("application", _) => ok(&json!({
            "id": APPLICATION, "name": "npmfix", "flags": state.flags, "bot": user("npmfix"),
            "verify_key": public_key(),
        })),
        ("commands", _) => ok(&body),
        ("channel", [_, id]) => match state.channels.get(*id) {
            Some(channel) => ok(channel),
            None => refused(404, 10_003),
        },
        ("roles", _) => ok(&roles()),
        ("post", [_, channel, _]) => state.post(channel, body),
        ("messages", [_, channel, _]) => {
            let after: u64 = uri
                .query()
                .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("after=")))
                .and_then(|after| after.parse().ok())
                .unwrap_or_default();
            let id = |message: &Value| message["id"].as_str().unwrap().parse::<u64>().unwrap();
            let mut page: Vec<Value> =
                state.messages.iter().filter(|m| m["channel_id"] == *channel && id(m) > after).cloned().collect();
            page.sort_by_key(|message| id(message));
            page.truncate(100);
            page.reverse();
            // Only events name the server and the nonce.
            for message in &mut page {
                let object = message.as_object_mut().unwrap();
                object.remove("guild_id");
                object.remove("nonce");
            }
            ok(&Value::Array(page))
        }
        ("edit", [_, _, _, id]) => {
            let Some(at) = state.messages.iter().position(|message| message["id"] == *id) else {
                return refused(404, 10_008);
            };
            for key in ["embeds", "components"] {
                state.messages[at][key] = body[key].clone();
            }
            state.messages[at]["edited_timestamp"] = json!("2025-06-15T10:00:01.000000+00:00");
            let mut message = state.messages[at].clone();
            message.as_object_mut().unwrap().remove("nonce");
            state.seen.push_back(Seen::Edited(message.clone()));
            state.gateway.dispatch("MESSAGE_UPDATE", message.clone());
            ok(&message)
        }
        ("delete", [_, channel, _, id]) => {
            let Some(at) = state.messages.iter().position(|message| message["id"] == *id) else {
                return refused(404, 10_008);
            };
            let message = state.messages.remove(at);
            state.seen.push_back(Seen::Removed(message));
            let gone = json!({ "id": id, "channel_id": channel, "guild_id": GUILD });
            state.gateway.dispatch("MESSAGE_DELETE", gone);
            StatusCode::NO_CONTENT.into_response()
        }
        ("direct", _) => {
            let id = format!("16{}", body["recipient_id"].as_str().unwrap());
            let channel = json!({ "id": id, "type": 1 });
            state.channels.insert(id, channel.clone());
            ok(&channel)
        }
        ("callback", [_, id, token, _]) => {
            if *token != format!("t{id}") {
                return refused(404, 10_062);
            }
            if state.answers.insert((*id).to_owned(), body).is_some() {
                return refused(400, 40_060);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        ("original" | "follow-up", _) => {
            state.late.push(body.clone());
            ok(&body)
        }
        _ => refused(404, 0),
    }
}

impl State0 {
    fn post(&mut self, channel: &str, body: Value) -> Response {
        let Some(place) = self.channels.get(channel).cloned() else { return refused(404, 10_003) };
        if self.shut.contains(channel) {
            return refused(403, 50_001);
        }
        if place["type"] == 1 && self.no_direct {
            return refused(403, 50_007);
        }
        let nonce = body["nonce"].as_str().unwrap_or_default().to_owned();
        // A repeat under the same nonce is answered with what was posted.
        if let Some(posted) = self.nonces.get(&nonce).filter(|_| body["enforce_nonce"] == true) {
            return ok(posted);
        }
        if let Some(about) = body["message_reference"]["message_id"].as_str() {
            let known = self.messages.iter().any(|message| message["id"] == about);
            if !known && body["message_reference"]["fail_if_not_exists"] != false {
                return refused(400, 50_035);
            }
        }
        let mut fields = json!({ "type": if body["message_reference"].is_null() { 0 } else { 19 }, "nonce": nonce });
        for key in ["embeds", "components", "message_reference", "flags", "attachments"] {
            if !body[key].is_null() {
                fields[key] = body[key].clone();
            }
        }
        let message = self.written("npmfix", channel, fields);
        self.nonces.insert(nonce, message.clone());
        self.seen.push_back(Seen::Posted(message.clone()));
        self.gateway.dispatch("MESSAGE_CREATE", message.clone());
        ok(&message)
    }
}
