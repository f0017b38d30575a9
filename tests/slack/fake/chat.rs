//! What the methods about messages and channels do.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    APP, Fake, limits,
    state::State,
    text_of,
    web::{Asked, refusal},
};

/// How long a `response_url` works, and how often.
const RESPONSE_TIME: SignedDuration = SignedDuration::from_mins(30);
const RESPONSE_USES: u32 = 5;

pub fn call(fake: &Fake, asked: &Asked<'_>) -> Value {
    let now = fake.now();
    let mut state = fake.state();
    let mut channel = asked.text("channel").to_owned();
    // What is posted to a person goes to the direct messages between them and the app.
    if asked.method == "chat.postMessage" && state.users.contains_key(&channel) {
        channel = format!("D{channel}");
        state.channel(&channel, "");
    }
    if asked.method == "conversations.open" {
        return open(&mut state, asked);
    }
    if let Err(error) = reachable(&state, asked, &channel) {
        return refusal(error);
    }
    match asked.method {
        "chat.postMessage" => post(&mut state, asked, &channel, now),
        "chat.postEphemeral" => {
            if !state.users.contains_key(asked.text("user")) {
                state.wrongs.push(format!("postEphemeral to {:?}", asked.text("user")));
                return refusal("user_not_in_channel");
            }
            if state.channels[&channel].absent.contains(asked.text("user")) {
                return refusal("user_not_in_channel");
            }
            if let Some(error) = content(&mut state, &asked.body) {
                return refusal(error);
            }
            thread_is_there(&mut state, asked, &channel);
            json!({"ok": true, "message_ts": state.ts(now)})
        }
        "chat.update" => {
            if let Some(error) = content(&mut state, &asked.body) {
                return refusal(error);
            }
            let ts = asked.text("ts").to_owned();
            let message = state.channels.get_mut(&channel).and_then(|c| c.messages.get_mut(&ts));
            let Some(message) = message.filter(|m| m["app_id"] == APP) else { return refusal("message_not_found") };
            for name in ["text", "blocks"] {
                if let Some(value) = asked.body.get(name) {
                    message[name] = value.clone();
                }
            }
            let edited = message.clone();
            let echo = json!({
                "type": "message", "subtype": "message_changed", "hidden": true, "channel": channel,
                "ts": state.ts(now), "event_ts": ts, "message": edited, "previous_message": edited,
            });
            state.echo(&channel, echo);
            json!({"ok": true, "channel": channel, "ts": ts, "text": asked.text("text"), "message": edited})
        }
        "chat.delete" => {
            let ts = asked.text("ts").to_owned();
            let gone = state.channels.get_mut(&channel).and_then(|c| c.messages.remove(&ts));
            let Some(gone) = gone else { return refusal("message_not_found") };
            let echo = json!({
                "type": "message", "subtype": "message_deleted", "hidden": true, "channel": channel,
                "ts": state.ts(now), "event_ts": ts, "deleted_ts": ts, "previous_message": gone,
            });
            state.echo(&channel, echo);
            json!({"ok": true, "channel": channel, "ts": ts})
        }
        "chat.getPermalink" => {
            let ts = asked.text("message_ts");
            let link = format!("https://acme.slack.example/archives/{channel}/p{}", ts.replace('.', ""));
            json!({"ok": true, "channel": channel, "permalink": link})
        }
        "conversations.info" => info(&state, &channel),
        "conversations.history" | "conversations.replies" => history(&state, asked, &channel),
        other => {
            state.wrongs.push(format!("nobody does {other}"));
            refusal("unknown_method")
        }
    }
}

fn reachable(state: &State, asked: &Asked<'_>, channel: &str) -> Result<(), &'static str> {
    let found = state.channels.get(channel).ok_or("channel_not_found")?;
    let known = asked.known.as_ref().ok_or("invalid_auth")?;
    if known.team.as_ref().is_some_and(|team| *team != found.team) {
        return Err("channel_not_found");
    }
    // A public channel is described to whoever may ask at all.
    let described = asked.method == "conversations.info" && !found.is_private;
    if !found.has_bot && !found.is_im && !described {
        return Err(if found.is_private { "channel_not_found" } else { "not_in_channel" });
    }
    if found.is_archived && asked.method.starts_with("chat.") {
        return Err("is_archived");
    }
    Ok(())
}

/// What is wrong with what it says.
fn content(state: &mut State, body: &Value) -> Option<&'static str> {
    let text = text_of(body, "text");
    let blocks = body.get("blocks");
    if text.is_empty() && blocks.is_none() {
        return Some("no_text");
    }
    let mut wrongs = limits::message(body);
    wrongs.extend(missing_files(state, blocks));
    let bad = !wrongs.is_empty();
    state.wrongs.extend(wrongs);
    bad.then_some("invalid_blocks")
}

/// Pictures of files that nobody uploaded.
fn missing_files(state: &State, blocks: Option<&Value>) -> Vec<String> {
    let blocks = blocks.and_then(Value::as_array).into_iter().flatten();
    let ids = blocks.filter_map(|b| b["slack_file"]["id"].as_str());
    let missing = ids.filter(|id| !state.files.get(*id).is_some_and(|f| f.complete));
    missing.map(|id| format!("no file {id}")).collect()
}

fn thread_is_there(state: &mut State, asked: &Asked<'_>, channel: &str) {
    let thread = asked.text("thread_ts");
    if !thread.is_empty() && state.message(channel, thread).is_none() {
        state.wrongs.push(format!("{}: no message {thread:?} in {channel}", asked.method));
    }
}

fn post(state: &mut State, asked: &Asked<'_>, channel: &str, now: jiff::Timestamp) -> Value {
    if let Some(error) = content(state, &asked.body) {
        return refusal(error);
    }
    for name in ["unfurl_links", "unfurl_media"] {
        if asked.body.get(name) != Some(&json!(false)) {
            state.wrongs.push(format!("{name} is not off"));
        }
    }
    thread_is_there(state, asked, channel);
    let ts = state.ts(now);
    let known = asked.known.as_ref();
    let (user, bot) = known.map(|t| (t.bot_user.clone(), t.bot.clone())).unwrap_or_default();
    let mut message = json!({
        "type": "message", "user": user, "bot_id": bot, "app_id": APP, "ts": ts, "team": state.channels[channel].team,
        "text": asked.text("text"), "bot_profile": State::bot_profile(),
    });
    for name in ["blocks", "thread_ts", "metadata"] {
        if let Some(value) = asked.body.get(name) {
            message[name] = value.clone();
        }
    }
    // Slack gives names to blocks that have none.
    for (n, block) in message["blocks"].as_array_mut().into_iter().flatten().enumerate() {
        if block.get("block_id").is_none() {
            block["block_id"] = json!(format!("made{n}"));
        }
    }
    if let Some(c) = state.channels.get_mut(channel) {
        c.messages.insert(ts.clone(), message.clone());
    }
    let mut echo = message.clone();
    echo["channel"] = json!(channel);
    echo["event_ts"] = json!(ts);
    echo["channel_type"] = json!(state.channels[channel].kind());
    state.echo(channel, echo);
    json!({"ok": true, "channel": channel, "ts": ts, "message": message})
}

impl State {
    fn echo(&mut self, channel: &str, event: Value) {
        let team = self.channels.get(channel).map(|c| c.team.clone()).unwrap_or_default();
        match &self.echo_to {
            Some(to) => {
                let _ = to.send((team, event));
            }
            None => self.echoes.push_back((team, event)),
        }
    }
}

fn open(state: &mut State, asked: &Asked<'_>) -> Value {
    let user = asked.text("users").to_owned();
    if !state.users.contains_key(&user) {
        return refusal("user_not_found");
    }
    let id = format!("D{user}");
    state.channel(&id, "");
    json!({"ok": true, "channel": {"id": id}})
}

fn info(state: &State, channel: &str) -> Value {
    let c = &state.channels[channel];
    json!({"ok": true, "channel": {
        "id": c.id, "name": c.name, "is_channel": !c.is_im && !c.is_private, "is_group": c.is_private && !c.is_im,
        "is_im": c.is_im, "is_mpim": false, "is_private": c.is_private, "is_archived": c.is_archived,
        "is_ext_shared": c.is_ext_shared, "is_shared": c.is_ext_shared, "is_member": c.has_bot,
        "context_team_id": c.team,
    }})
}

fn history(state: &State, asked: &Asked<'_>, channel: &str) -> Value {
    let thread = asked.text("ts");
    if asked.method == "conversations.replies" && state.message(channel, thread).is_none() {
        return refusal("thread_not_found");
    }
    let oldest = asked.text("oldest");
    let limit = asked.text("limit").parse().unwrap_or(100).clamp(1, 1000);
    let replies = asked.method == "conversations.replies";
    let all = state.channels[channel].messages.iter().filter(|(ts, message)| {
        let here = if replies {
            *ts == thread || message["thread_ts"] == json!(thread)
        } else {
            message.get("thread_ts").is_none_or(|t| *t == json!(ts))
        };
        here && (oldest.is_empty() || ts.as_str() >= oldest)
    });
    let mut messages: Vec<Value> = all.map(|(_, message)| message.clone()).collect();
    if !replies {
        messages.reverse();
    }
    let more = messages.len() > limit;
    messages.truncate(limit);
    json!({"ok": true, "messages": messages, "has_more": more})
}

/// Says something through a `response_url`.
pub fn respond(fake: &Fake, id: &str, body: &Value) -> Result<Value, &'static str> {
    let now = fake.now();
    let mut state = fake.state();
    let Some(ticket) = state.response_urls.get_mut(id) else {
        state.wrongs.push(format!("no response_url {id}"));
        return Err("no_such_url");
    };
    ticket.uses += 1;
    let spent = ticket.uses > RESPONSE_USES || now.duration_since(ticket.at) > RESPONSE_TIME;
    let ticket = ticket.clone();
    if spent {
        state.wrongs.push(format!("response_url {id} is used up"));
        return Err("used_url");
    }
    let known = [
        "text",
        "blocks",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "unfurl_links",
        "unfurl_media",
    ];
    let odd = body.as_object().and_then(|o| o.keys().find(|name| !known.contains(&name.as_str())).cloned());
    if let Some(odd) = odd {
        state.wrongs.push(format!("response_url: no argument {odd:?}"));
    }
    if body["delete_original"] != true && content(&mut state, body).is_some() {
        return Err("invalid_blocks");
    }
    Ok(json!({"ok": true, "channel": ticket.channel, "user": ticket.user}))
}
