//! The Web API's door: who may call what how, what goes wrong on the way, and the answer.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, RawQuery, State as Shared},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Call, Fake, Fault, chat, files, oauth, rates, state::Token, text_of, views};

/// A call that was let in.
pub struct Asked<'a> {
    pub method: &'a str,
    pub token: String,
    pub known: Option<Token>,
    pub body: Value,
}

impl Asked<'_> {
    pub fn text(&self, name: &str) -> &str {
        text_of(&self.body, name)
    }
}

/// What a method needs and takes: scopes of which one is enough, arguments, and whether it takes JSON.
struct Needs {
    scopes: &'static [&'static str],
    arguments: &'static [&'static str],
    json: bool,
}

const POST: &[&str] = &[
    "channel",
    "text",
    "blocks",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "metadata",
    "mrkdwn",
    "parse",
    "link_names",
];

fn needs(method: &str) -> Option<Needs> {
    let (scopes, arguments, json): (&[&str], &[&str], bool) = match method {
        "auth.test" | "auth.revoke" | "apps.connections.open" => (&[], &[], true),
        "apps.uninstall" => (&[], &["client_id", "client_secret"], false),
        "chat.postMessage" => (&["chat:write"], POST, true),
        "chat.postEphemeral" => {
            (&["chat:write"], &["channel", "user", "text", "blocks", "thread_ts", "parse", "link_names"], true)
        }
        "chat.update" => {
            (&["chat:write"], &["channel", "ts", "text", "blocks", "metadata", "parse", "link_names"], true)
        }
        "chat.delete" => (&["chat:write"], &["channel", "ts"], true),
        "chat.getPermalink" => (&[], &["channel", "message_ts"], false),
        "conversations.info" => (
            &["channels:read", "groups:read", "im:read", "mpim:read"],
            &["channel", "include_num_members", "include_locale"],
            false,
        ),
        "conversations.open" => (&["im:write", "mpim:write"], &["users", "channel", "return_im"], true),
        "conversations.history" => (
            &["channels:history", "groups:history", "im:history", "mpim:history"],
            &["channel", "cursor", "inclusive", "latest", "oldest", "limit", "include_all_metadata"],
            false,
        ),
        "conversations.replies" => (
            &["channels:history", "groups:history", "im:history", "mpim:history"],
            &["channel", "ts", "cursor", "inclusive", "latest", "oldest", "limit", "include_all_metadata"],
            false,
        ),
        "users.info" => (&["users:read"], &["user", "include_locale"], false),
        "team.info" => (&["team:read"], &["team"], false),
        "views.open" | "views.push" => (&[], &["trigger_id", "view"], true),
        "views.update" => (&[], &["view_id", "external_id", "hash", "view"], true),
        "views.publish" => (&[], &["user_id", "view", "hash"], true),
        "files.info" => (&["files:read"], &["file"], false),
        "files.getUploadURLExternal" => (&["files:write"], &["filename", "length", "alt_txt", "snippet_type"], false),
        "files.completeUploadExternal" => {
            (&["files:write"], &["files", "channel_id", "thread_ts", "initial_comment"], true)
        }
        "oauth.v2.access" => {
            (&[], &["code", "client_id", "client_secret", "redirect_uri", "grant_type", "refresh_token"], false)
        }
        _ => return None,
    };
    Some(Needs { scopes, arguments, json })
}

pub fn router(fake: Fake) -> Router {
    Router::new()
        .route("/api/{method}", any(api))
        .route("/respond/{id}", post(respond))
        .route("/upload/{id}", post(files::upload))
        .route("/files-pri/{id}/{name}", get(files::download))
        .with_state(fake)
}

/// A Web API answer that is no success.
pub fn refusal(error: &str) -> Value {
    json!({"ok": false, "error": error})
}

async fn api(
    Shared(fake): Shared<Fake>,
    Path(method): Path<String>,
    http: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fault = fake.take_fault(&method);
    match fault {
        Some(Fault::Limited(wait)) => return limited(wait),
        Some(Fault::Status(status)) => return (code(status), "trouble").into_response(),
        Some(Fault::Error(error)) => return axum::Json(refusal(error)).into_response(),
        Some(Fault::Hang) => return std::future::pending().await,
        // A panic that nobody prints ends the connection's task, and with it the connection.
        Some(Fault::Drop) => std::panic::resume_unwind(Box::new(())),
        _ => {}
    }
    let (answer, scopes) = match fake.let_in(&method, &http, query.as_deref(), &headers, &body) {
        Err(Refused::Answer(answer)) => (answer, String::new()),
        Err(Refused::Wait(wait)) => return limited(wait),
        Ok(asked) => {
            let scopes = asked.known.as_ref().map(|t| t.scopes.iter().cloned().collect::<Vec<_>>().join(","));
            (fake.answer(&asked), scopes.unwrap_or_default())
        }
    };
    match fault {
        Some(Fault::HangAfter) => std::future::pending().await,
        Some(Fault::DropAfter) => std::panic::resume_unwind(Box::new(())),
        Some(Fault::StatusAfter(status)) => (code(status), "trouble").into_response(),
        Some(Fault::Html) => {
            (StatusCode::OK, [(header::CONTENT_TYPE, "text/html")], "<html>Sorry!</html>").into_response()
        }
        Some(Fault::Truncated) => truncated(&answer),
        _ => {
            let mut response = axum::Json(answer).into_response();
            if let Ok(scopes) = HeaderValue::from_str(&scopes) {
                response.headers_mut().insert("x-oauth-scopes", scopes);
            }
            response
        }
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}

fn limited(wait: u64) -> Response {
    let headers = [(header::RETRY_AFTER, wait.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, headers, axum::Json(refusal("ratelimited"))).into_response()
}

/// Half of the answer, and then the connection goes.
fn truncated(answer: &Value) -> Response {
    let text = answer.to_string();
    let half = Bytes::copy_from_slice(text.as_bytes().get(..text.len() / 2).unwrap_or_default());
    let stream = futures_util::stream::unfold((half, text.len()), |(mut half, _)| async move {
        if half.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
            std::panic::resume_unwind(Box::new(()));
        }
        let part = half.split_off(0);
        Some((Ok::<_, Infallible>(part), (half, 0)))
    });
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(stream)).into_response()
}

enum Refused {
    Answer(Value),
    Wait(u64),
}

impl Fake {
    fn take_fault(&self, method: &str) -> Option<Fault> {
        let mut state = self.state();
        if let Some(at) = state.faults.iter().position(|(wanted, _)| wanted == method) {
            let (_, fault) = state.faults.remove(at);
            drop(state);
            self.tell();
            return Some(fault);
        }
        let mut weather = state.weather.take()?;
        let fault = weather(method);
        state.weather = Some(weather);
        fault
    }

    fn let_in<'a>(
        &self,
        method: &'a str,
        http: &Method,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Asked<'a>, Refused> {
        let refuse = |error: &str| Refused::Answer(refusal(error));
        let Some(needs) = needs(method) else {
            self.wrong(format!("no such method: {method}"));
            return Err(refuse("unknown_method"));
        };
        let mut body = self.arguments(method, &needs, http, query, headers, body).map_err(|e| refuse(&e))?;
        let header = headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
        if let (Some(basic), Some(fields)) = (header.strip_prefix("Basic "), body.as_object_mut()) {
            let pair = STANDARD.decode(basic).ok().and_then(|b| String::from_utf8(b).ok()).unwrap_or_default();
            let (id, secret) = pair.split_once(':').unwrap_or_default();
            fields.insert("client_id".to_owned(), id.into());
            fields.insert("client_secret".to_owned(), secret.into());
        }
        let token = header.strip_prefix("Bearer ").map_or_else(|| text_of(&body, "token").to_owned(), str::to_owned);
        if let Some(fields) = body.as_object_mut() {
            fields.remove("token");
        }
        let mut state = self.state();
        let known = state.tokens.get(&token).cloned();
        if method == "apps.connections.open" {
            if token != state.app_token {
                return Err(refuse("invalid_auth"));
            }
        } else if method != "oauth.v2.access" && known.is_none() {
            return Err(refuse(if token.is_empty() { "not_authed" } else { "invalid_auth" }));
        }
        if let Some(known) = &known {
            let enough = needs.scopes.is_empty() || needs.scopes.iter().any(|scope| known.scopes.contains(*scope));
            if !enough {
                state.wrongs.push(format!("{method} without a scope of {:?}", needs.scopes));
                let provided = known.scopes.iter().cloned().collect::<Vec<_>>().join(",");
                let needed = needs.scopes.join(",");
                let answer = json!({"ok": false, "error": "missing_scope", "needed": needed, "provided": provided});
                return Err(Refused::Answer(answer));
            }
        }
        let now = self.now();
        if let Some(wait) = rates::too_fast(&mut state, &token, method, text_of(&body, "channel"), now) {
            state.limited += 1;
            return Err(Refused::Wait(wait));
        }
        drop(state);
        Ok(Asked { method, token, known, body })
    }

    /// Arguments from JSON or a form, as Slack's pages say for the method.
    fn arguments(
        &self,
        method: &str,
        needs: &Needs,
        http: &Method,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Value, String> {
        let mut fields = Map::new();
        let mut form = |text: &[u8]| {
            for (name, value) in url::form_urlencoded::parse(text) {
                fields.insert(name.into_owned(), Value::String(value.into_owned()));
            }
        };
        form(query.unwrap_or_default().as_bytes());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|h| h.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/json") {
            if !needs.json && !body.is_empty() && &body[..] != b"{}" && &body[..] != b"null" {
                self.wrong(format!("{method} takes no JSON"));
                return Err("invalid_arguments".to_owned());
            }
            match serde_json::from_slice(body) {
                Ok(Value::Object(more)) => fields.extend(more),
                Ok(Value::Null) => {}
                _ if body.is_empty() => {}
                _ => {
                    self.wrong(format!("{method}: no JSON object"));
                    return Err("invalid_json".to_owned());
                }
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") || http == Method::GET {
            form(body);
        } else if !body.is_empty() {
            self.wrong(format!("{method}: what is {kind:?}?"));
            return Err("invalid_post_type".to_owned());
        }
        // In a form, what is no text is written as JSON.
        for name in ["blocks", "view", "files", "metadata"] {
            if let Some(Value::String(text)) = fields.get(name) {
                let parsed = serde_json::from_str(text).map_err(|_| "invalid_arguments".to_owned())?;
                fields.insert(name.to_owned(), parsed);
            }
        }
        let known = |name: &str| needs.arguments.contains(&name) || matches!(name, "token" | "team_id");
        if let Some(odd) = fields.keys().find(|name| !known(name)) {
            self.wrong(format!("{method} has no argument {odd:?}"));
        }
        if let Some(nothing) = fields.iter().find(|(_, value)| value.is_null()) {
            self.wrong(format!("{method}: {} is null", nothing.0));
        }
        Ok(Value::Object(fields))
    }

    fn answer(&self, asked: &Asked<'_>) -> Value {
        let answer = match asked.method {
            "auth.test" => auth_test(asked),
            "auth.revoke" | "apps.uninstall" => {
                self.state().tokens.remove(&asked.token);
                json!({"ok": true, "revoked": true})
            }
            "apps.connections.open" => {
                let ticket = {
                    let mut state = self.state();
                    let ticket = state.fresh("ticket");
                    state.tickets.insert(ticket.clone());
                    ticket
                };
                json!({"ok": true, "url": self.socket_url(&ticket)})
            }
            "users.info" => self.users_info(asked),
            "team.info" => json!({"ok": true, "team": {"id": asked.known.as_ref().and_then(|t| t.team.clone())}}),
            "oauth.v2.access" => oauth::access(self, asked),
            method if method.starts_with("views.") => views::call(self, asked),
            method if method.starts_with("files.") => files::call(self, asked),
            _ => chat::call(self, asked),
        };
        let visible = asked.method.starts_with("views.")
            || matches!(
                asked.method,
                "chat.postMessage"
                    | "chat.postEphemeral"
                    | "chat.update"
                    | "chat.delete"
                    | "files.completeUploadExternal"
            );
        self.note(asked.method, &asked.token, &asked.body, &answer, visible && answer["ok"] == true);
        answer
    }

    /// Takes down a call.
    pub(super) fn note(&self, method: &str, token: &str, body: &Value, answer: &Value, visible: bool) {
        let ts = ["ts", "message_ts"].iter().find_map(|name| answer.get(name)?.as_str()).map(str::to_owned);
        let (method, token) = (method.to_owned(), token.to_owned());
        let call = Call { method, token, body: body.clone(), answer: answer.clone(), ts, at: self.now() };
        {
            let mut state = self.state();
            if visible {
                state.unread.push_back(call.clone());
            }
            state.calls.push(call);
        }
        self.tell();
    }

    fn users_info(&self, asked: &Asked<'_>) -> Value {
        let state = self.state();
        let Some(user) = state.users.get(asked.text("user")) else { return refusal("user_not_found") };
        json!({"ok": true, "user": {
            "id": user.id, "team_id": user.team, "name": user.name, "real_name": user.name, "deleted": false,
            "profile": {"display_name": user.name, "real_name": user.name, "fields": []},
            "is_admin": user.is_admin, "is_owner": false, "is_primary_owner": false, "is_bot": user.is_bot,
            "tz": "Europe/Berlin", "tz_offset": 3600,
        }})
    }
}

fn auth_test(asked: &Asked<'_>) -> Value {
    let Some(known) = &asked.known else { return refusal("invalid_auth") };
    let team = known.team.clone().or_else(|| known.enterprise.clone());
    json!({
        "ok": true, "url": "https://acme.slack.example/", "team": "Acme", "user": "npmfix", "team_id": team,
        "user_id": known.bot_user, "bot_id": known.bot, "enterprise_id": known.enterprise,
        "is_enterprise_install": known.team.is_none(),
    })
}

/// A `response_url`: five uses within half an hour.
async fn respond(Shared(fake): Shared<Fake>, Path(id): Path<String>, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        fake.wrong("a response_url takes JSON");
        return (StatusCode::BAD_REQUEST, "invalid_payload").into_response();
    };
    match fake.take_fault("response_url") {
        Some(Fault::Status(status) | Fault::StatusAfter(status)) => return (code(status), "trouble").into_response(),
        Some(Fault::Limited(wait)) => return limited(wait),
        Some(Fault::Hang | Fault::HangAfter) => return std::future::pending().await,
        _ => {}
    }
    match chat::respond(&fake, &id, &body) {
        Ok(answer) => {
            fake.note("response_url", &id, &body, &answer, true);
            "ok".into_response()
        }
        Err(error) => (StatusCode::NOT_FOUND, error).into_response(),
    }
}
