//! What Slack tells the app: events, commands, interactions, with all that stands around them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    APP, BOT, BOT_USER, Fake, TEAM,
    state::{State, Ticket},
    text,
};

/// What is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Event,
    Command,
    Interaction,
}

/// How Slack reaches the app.
#[derive(Debug, Clone)]
pub enum Line {
    /// Signed requests to this address.
    Http(String),
    /// Socket Mode.
    Socket,
}

/// How the app took it.
#[derive(Debug, Clone)]
pub struct Ack {
    pub status: u16,
    pub body: Value,
    pub took: Duration,
    /// It wants no repeat.
    pub no_retry: bool,
}

impl Ack {
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Which of Slack's repeats this is, and why.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retry {
    pub number: u32,
    pub reason: &'static str,
}

impl Fake {
    /// Hands something over once; `None` if nobody took it.
    pub async fn deliver(&self, line: &Line, kind: Kind, payload: &Value, retry: Retry) -> Option<Ack> {
        match line {
            Line::Http(base) => self.post(base, kind, payload, retry).await,
            Line::Socket => self.send_envelope(kind, payload, retry).await,
        }
    }

    /// Hands an event over as often as Slack does; fails if nobody took it.
    pub async fn event(&self, line: &Line, callback: &Value) {
        for (number, reason) in [(0, ""), (1, "http_error"), (2, "http_error"), (3, "http_timeout")] {
            if self
                .deliver(line, Kind::Event, callback, Retry { number, reason })
                .await
                .is_some_and(|ack| ack.is_good())
            {
                return;
            }
        }
        panic!("the event was not taken: {callback:#}");
    }

    /// Hands over what the app's own posts led to.
    pub async fn echo(&self, line: &Line) {
        loop {
            let Some((team, event)) = self.state().echoes.pop_front() else { return };
            let callback = self.callback(&team, &event);
            self.event(line, &callback).await;
        }
    }

    /// An event with its envelope.
    pub fn callback(&self, team: &str, event: &Value) -> Value {
        let mut state = self.state();
        let id = state.fresh("Ev");
        let channel = event["channel"].as_str().unwrap_or_default();
        let shared = state.channels.get(channel).is_some_and(|c| c.is_ext_shared);
        json!({
            "token": "unused", "team_id": team, "context_team_id": team, "context_enterprise_id": null, "api_app_id": APP,
            "event": event, "type": "event_callback", "event_id": id, "event_time": self.now().as_second(),
            "authorizations": [{
                "enterprise_id": null, "team_id": team, "user_id": BOT_USER, "is_bot": true, "is_enterprise_install": false
            }],
            "is_ext_shared_channel": shared, "event_context": format!("4-{id}"),
        })
    }

    /// Somebody writes; the message stands in the channel, and the event is returned.
    pub fn written(&self, channel: &str, user: &str, said: &str, thread: Option<&str>) -> Value {
        let now = self.now();
        let mut state = self.state();
        let ts = state.ts(now);
        let mut message = json!({
            "type": "message", "client_msg_id": state.fresh("msg-"), "text": text::mrkdwn(said), "user": user, "ts": ts,
            "team": TEAM, "blocks": text::blocks(said),
        });
        if let Some(thread) = thread {
            message["thread_ts"] = json!(thread);
        }
        state.stand(channel, &message)
    }

    /// Another app writes.
    pub fn written_by_bot(&self, channel: &str, said: &str) -> Value {
        let now = self.now();
        let mut state = self.state();
        let ts = state.ts(now);
        let message = json!({
            "type": "message", "subtype": "bot_message", "text": text::mrkdwn(said), "ts": ts, "bot_id": "B0CI",
            "username": "ci", "app_id": "A0CI",
        });
        state.stand(channel, &message)
    }

    /// The event of an edit, and the edit itself.
    pub fn edited(&self, channel: &str, ts: &str, said: &str) -> Value {
        let now = self.now();
        let mut state = self.state();
        let event_ts = state.ts(now);
        let before = state.message(channel, ts).cloned().unwrap();
        let mut after = before.clone();
        after["text"] = json!(text::mrkdwn(said));
        after["blocks"] = text::blocks(said);
        after["edited"] = json!({"user": before["user"], "ts": event_ts});
        for name in ["files", "subtype"] {
            after.as_object_mut().unwrap().remove(name);
        }
        let kind = state.channels[channel].kind();
        state.channels.get_mut(channel).unwrap().messages.insert(ts.to_owned(), after.clone());
        json!({
            "type": "message", "subtype": "message_changed", "hidden": true, "channel": channel, "ts": event_ts,
            "event_ts": event_ts, "channel_type": kind, "message": after, "previous_message": before,
        })
    }

    /// The event of a deletion, and the deletion itself.
    pub fn deleted(&self, channel: &str, ts: &str) -> Value {
        let now = self.now();
        let mut state = self.state();
        let event_ts = state.ts(now);
        let mut before = state.message(channel, ts).cloned().unwrap();
        let (replies, people) = state.replies(channel, ts);
        if replies > 0 {
            before["thread_ts"] = json!(ts);
            before["reply_count"] = json!(replies);
            before["reply_users_count"] = json!(people.len());
            before["reply_users"] = json!(people);
        }
        let kind = state.channels[channel].kind();
        state.channels.get_mut(channel).unwrap().messages.remove(ts);
        json!({
            "type": "message", "subtype": "message_deleted", "hidden": true, "channel": channel, "ts": event_ts,
            "event_ts": event_ts, "channel_type": kind, "deleted_ts": ts, "previous_message": before,
        })
    }

    /// A slash command as its form fields.
    pub fn slash(&self, channel: &str, user: &str, text: &str) -> Value {
        let (trigger, url) = self.tickets(channel, user, None);
        let state = self.state();
        json!({
            "token": "unused", "team_id": TEAM, "team_domain": "acme", "channel_id": channel,
            "channel_name": state.channels.get(channel).map(|c| c.name.clone()).unwrap_or_default(), "user_id": user,
            "user_name": state.users.get(user).map(|u| u.name.clone()).unwrap_or_default(), "command": "/npmfix",
            "text": text, "api_app_id": APP, "is_enterprise_install": "false", "response_url": url, "trigger_id": trigger,
        })
    }

    /// What all interactions have.
    fn interaction(&self, kind: &str, channel: Option<&str>, user: &str, message: Option<&str>) -> Value {
        let (trigger, url) = self.tickets(channel.unwrap_or_default(), user, message);
        let state = self.state();
        let name = state.users.get(user).map(|u| u.name.clone()).unwrap_or_default();
        let mut payload = json!({
            "type": kind, "token": "unused", "api_app_id": APP, "team": {"id": TEAM, "domain": "acme"}, "enterprise": null,
            "is_enterprise_install": false, "trigger_id": trigger,
            "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
        });
        if let Some(channel) = channel {
            let name = state.channels.get(channel).map(|c| c.name.clone()).unwrap_or_default();
            payload["channel"] = json!({"id": channel, "name": name});
            payload["response_url"] = json!(url);
        }
        payload
    }

    /// A click on an element of a message. `message` is the message as it was shown.
    pub fn clicked(&self, channel: &str, user: &str, message: &Value, action: &Value) -> Value {
        let ts = message["ts"].as_str().unwrap_or_default();
        let mut payload = self.interaction("block_actions", Some(channel), user, Some(ts));
        let now = self.now();
        let mut container = json!({"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false});
        if let Some(thread) = message.get("thread_ts") {
            container["thread_ts"] = thread.clone();
        }
        payload["container"] = container;
        payload["message"] = message.clone();
        payload["state"] = json!({"values": {}});
        let mut action = action.clone();
        action["action_ts"] = json!(self.state().ts(now));
        payload["actions"] = json!([action]);
        payload
    }

    /// A click on an element of a message that only one person sees. Slack does not hand that message over.
    pub fn clicked_alone(&self, channel: &str, user: &str, action: &Value) -> Value {
        let mut payload = self.clicked(channel, user, &Value::Null, action);
        payload["container"] = json!({
            "type": "message", "message_ts": "1.1", "channel_id": channel, "is_ephemeral": true,
        });
        payload.as_object_mut().unwrap().remove("message");
        payload
    }

    /// A click in a view.
    pub fn clicked_in(&self, user: &str, view: &Value, action: &Value) -> Value {
        let mut payload = self.interaction("block_actions", None, user, None);
        let now = self.now();
        payload["container"] = json!({"type": "view", "view_id": view["id"]});
        payload["view"] = view.clone();
        let mut action = action.clone();
        action["action_ts"] = json!(self.state().ts(now));
        payload["actions"] = json!([action]);
        payload
    }

    /// A modal that somebody sends, with the values of its inputs by block and action.
    pub fn submitted(&self, user: &str, view: &Value, values: &Value) -> Value {
        let mut payload = self.interaction("view_submission", None, user, None);
        let mut view = view.clone();
        view["state"] = json!({ "values": values });
        payload["view"] = view;
        payload["response_urls"] = json!([]);
        payload
    }

    /// A message shortcut.
    pub fn message_shortcut(&self, callback: &str, channel: &str, user: &str, ts: &str) -> Value {
        let mut payload = self.interaction("message_action", Some(channel), user, Some(ts));
        payload["callback_id"] = json!(callback);
        payload["message_ts"] = json!(ts);
        payload["action_ts"] = json!(ts);
        payload["message"] = self.state().message(channel, ts).cloned().unwrap();
        payload
    }

    /// A global shortcut.
    pub fn shortcut(&self, callback: &str, user: &str) -> Value {
        let mut payload = self.interaction("shortcut", None, user, None);
        payload["callback_id"] = json!(callback);
        payload["action_ts"] = json!("1.1");
        payload
    }

    /// A `trigger_id` and a `response_url`.
    fn tickets(&self, channel: &str, user: &str, message: Option<&str>) -> (String, String) {
        let (at, message) = (self.now(), message.map(str::to_owned));
        let (channel, user, team) = (channel.to_owned(), user.to_owned(), TEAM.to_owned());
        let ticket = Ticket { at, uses: 0, channel, user, team, message };
        let mut state = self.state();
        let (trigger, id) = (state.fresh("trigger."), state.fresh("respond"));
        state.triggers.insert(trigger.clone(), ticket.clone());
        state.response_urls.insert(id.clone(), ticket);
        (trigger, self.url(&format!("/respond/{id}")))
    }
}

impl State {
    /// Puts a message where it was written; returns its event.
    pub fn stand(&mut self, channel: &str, message: &Value) -> Value {
        let place = self.channels.get_mut(channel).unwrap();
        let ts = message["ts"].as_str().unwrap_or_default().to_owned();
        place.messages.insert(ts.clone(), message.clone());
        let mut event = message.clone();
        event["channel"] = json!(channel);
        event["event_ts"] = json!(ts);
        event["channel_type"] = json!(place.kind());
        event
    }
}

/// The app's own join.
pub fn joined(channel: &str) -> Value {
    json!({
        "type": "member_joined_channel", "user": BOT_USER, "channel": channel, "channel_type": "C", "team": TEAM,
        "inviter": "U0ROOT", "event_ts": "1.1", "bot_id": BOT,
    })
}
