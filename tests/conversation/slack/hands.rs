//! What people do in Slack, as the app is told, and what they see of what it does.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use npmfix::{
    answer::reply::Choice,
    message::{Address, ChannelId, MessageId, MessageRef, Speaker},
    store::outbox::Kind,
};
use serde_json::{Value, json};

use super::{Element, SlackWorld};
use crate::{
    fake::{
        APP, BOT, BOT_USER, Call, Fake, TEAM, page,
        send::{self, Retry},
        state::Channel,
        text_of,
    },
    world::{Answered, PEOPLE, Person, Said, Saying, World as _},
};

/// What is longer than this, people's apps make a file of.
const COMPOSER: usize = 12_000;

impl SlackWorld {
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).unwrap()
    }

    pub(super) fn place(&self, event: &Value) -> MessageRef {
        let id = MessageId::parse(text_of(event, "ts")).unwrap();
        MessageRef { team: self.team(), channel: ChannelId::parse(&self.channel).unwrap(), thread: None, id }
    }

    /// Puts what somebody says into the channel; returns its event.
    pub(super) fn write(&mut self, saying: Saying<'_>) -> Value {
        let (channel, text) = (self.channel.clone(), saying.text);
        let mut event = match saying.who.speaker {
            Speaker::Person if text.len() > COMPOSER => {
                let file = self.fake.upload_text("npm.log", text.as_bytes());
                let mut event = self.fake.written(&channel, &id(saying.who), "", None);
                event["subtype"] = json!("file_share");
                event["files"] = json!([file]);
                event
            }
            Speaker::Person => self.fake.written(&channel, &id(saying.who), text, None),
            Speaker::Bot => self.fake.written_by_bot(&channel, text),
            Speaker::Itself => {
                let mut event = self.fake.written(&channel, BOT_USER, text, None);
                event["bot_id"] = json!(BOT);
                event["app_id"] = json!(APP);
                event
            }
        };
        if saying.address == Address::Addressed {
            mention(&mut event);
        }
        let mut kept = event.clone();
        for name in ["channel", "event_ts", "channel_type"] {
            kept.as_object_mut().unwrap().remove(name);
        }
        self.keep(text_of(&event, "ts"), &kept);
        event
    }

    pub(super) fn keep(&mut self, ts: &str, message: &Value) {
        self.written.insert(ts.to_owned(), message.clone());
        let mut state = self.fake.state();
        state.channels.get_mut(&self.channel).unwrap().messages.insert(ts.to_owned(), message.clone());
    }

    /// The message stands in the channel, if it went before.
    pub(super) fn stand(&self, ts: &str) {
        let message = self.written[ts].clone();
        self.fake.state().channels.get_mut(&self.channel).unwrap().messages.entry(ts.to_owned()).or_insert(message);
    }

    pub(super) async fn event(&self, event: &Value) {
        let callback = self.fake.callback(TEAM, event);
        self.fake.event(&self.line, &callback).await;
    }

    /// Hands a message over, as both events if it mentions the bot.
    pub(super) async fn hand(&self, event: &Value, saying: Saying<'_>) {
        self.event(event).await;
        if saying.address == Address::Addressed {
            let mut mentioned = event.clone();
            mentioned["type"] = json!("app_mention");
            for name in ["channel_type", "subtype"] {
                mentioned.as_object_mut().unwrap().remove(name);
            }
            self.event(&mentioned).await;
        }
    }

    /// Hands over a command or an interaction: what comes back at once; `None` when it came before.
    pub(super) async fn hand_over(
        &mut self,
        event: &str,
        kind: send::Kind,
        payload: impl FnOnce(&Fake) -> Value,
    ) -> Option<Value> {
        let fake = &self.fake;
        let (kind, payload) = self.events.entry(event.to_owned()).or_insert_with(|| (kind, payload(fake))).clone();
        let ack = self.fake.deliver(&self.line, kind, &payload, Retry::default()).await;
        let ack = ack.unwrap_or_else(|| panic!("{event} was not taken"));
        // Over HTTP, what is sent again is refused.
        if ack.status == 409 {
            return None;
        }
        assert!(ack.is_good(), "{event}: {} {}", ack.status, ack.body);
        Some(ack.body)
    }

    /// Blocks as people read them, who see channels by their names.
    pub(super) fn page(&self, blocks: &Value) -> String {
        let state = self.fake.state();
        let named = |page: String, channel: &Channel| {
            page.replace(&format!("<#{}>", channel.id), &format!("#{}", channel.name))
        };
        state.channels.values().fold(page::page(blocks), named)
    }

    /// What a call or an answer shows to one person.
    pub(super) fn shown(&mut self, body: &Value) -> Answered {
        let choices = self.learn(body.get("blocks").unwrap_or(&Value::Null), None);
        Answered { page: self.page(&body["blocks"]), choices }
    }

    /// Takes down what can be clicked in blocks.
    pub(super) fn learn(&mut self, blocks: &Value, message: Option<&Value>) -> Vec<Choice> {
        let mut choices = Vec::new();
        for block in blocks.as_array().into_iter().flatten() {
            let elements = block["elements"].as_array().into_iter().flatten().chain(block.get("accessory"));
            for element in elements {
                for (value, label, action) in actions(block, element) {
                    let (channel, message) = (self.channel.clone(), message.cloned());
                    self.elements.insert(value.clone(), Element { channel, message, action });
                    choices.push(Choice { id: value, label });
                }
            }
        }
        choices
    }

    /// What one person is told beside what came back at once.
    pub(super) fn told(&mut self, answer: Option<&Value>) -> Option<Answered> {
        if let Some(answer) = answer.filter(|answer| answer.get("blocks").is_some()) {
            return Some(self.shown(answer));
        }
        let call = {
            let mut state = self.fake.state();
            let at = state
                .unread
                .iter()
                .position(|call| matches!(call.method.as_str(), "response_url" | "chat.postEphemeral"));
            at.and_then(|at| state.unread.remove(at))
        };
        call.map(|call| self.shown(&call.body))
    }

    /// A modal that was opened and not read.
    pub(super) fn opened(&mut self) -> Option<Value> {
        let mut state = self.fake.state();
        let at = state.unread.iter().position(|call| call.method == "views.open")?;
        state.unread.remove(at).map(|call| call.answer["view"].clone())
    }

    /// Fills in a modal; returns what is told.
    pub(super) async fn submit(&mut self, who: &Person, view: &Value, text: &str, event: &str) -> Answered {
        let values = filled(view, text);
        let user = id(who);
        let answer = self
            .hand_over(event, send::Kind::Interaction, |fake| fake.submitted(&user, view, &values))
            .await
            .unwrap_or_default();
        if answer["response_action"] == "errors" {
            let errors: Vec<&str> =
                answer["errors"].as_object().into_iter().flatten().filter_map(|(_, e)| e.as_str()).collect();
            return Answered { page: errors.join("\n"), choices: Vec::new() };
        }
        if answer.get("view").is_some() {
            let wrongs = crate::fake::limits::view(&answer["view"]);
            assert_eq!(wrongs, Vec::<String>::new());
            return self.shown(&answer["view"]);
        }
        self.told(None).unwrap_or_else(|| panic!("nothing was told about the form: {answer}"))
    }

    pub(super) fn read(&mut self, call: &Call) -> Said {
        let channel = text_of(&call.body, "channel").to_owned();
        let kind = match call.method.as_str() {
            "chat.postMessage" => Kind::Post,
            "chat.update" => Kind::Edit,
            "chat.delete" => Kind::Remove,
            "chat.postEphemeral" => Kind::Notice,
            other => panic!("{other} was not expected: {:#}", call.body),
        };
        let blocks = call.body.get("blocks").cloned().unwrap_or_default();
        let message = call.ts.as_ref().and_then(|ts| self.fake.state().message(&channel, ts).cloned());
        let choices = self.learn(&blocks, message.as_ref());
        let page = self.page(&blocks);
        // What is said directly goes by whom it is to.
        let direct = PEOPLE.iter().find(|person| id(person) == channel);
        let user = direct.or_else(|| PEOPLE.iter().find(|person| id(person) == text_of(&call.body, "user")));
        let kind = if direct.is_some() { Kind::Notice } else { kind };
        let name = self.fake.state().channels.get(&channel).map(|channel| channel.name.clone()).unwrap_or_default();
        let (user, raw) = (user.map(|user| user.name.to_owned()), blocks.to_string());
        Said { kind, channel: name, user, page, choices, raw }
    }
}

/// What Slack calls somebody.
pub(super) fn id(who: &Person) -> String {
    if who.speaker == Speaker::Itself { BOT_USER.to_owned() } else { format!("U0{}", who.name.to_uppercase()) }
}

/// Puts a mention of the bot before what a message says.
fn mention(event: &mut Value) {
    let text = format!("<@{BOT_USER}> {}", text_of(event, "text"));
    event["text"] = json!(text);
    if let Some(elements) = event.pointer_mut("/blocks/0/elements/0/elements").and_then(Value::as_array_mut) {
        elements.insert(0, json!({"type": "user", "user_id": BOT_USER}));
        elements.insert(1, json!({"type": "text", "text": " "}));
    }
}

/// The actions of an element: their value, what people read on them, and what Slack sends when they are chosen.
fn actions(block: &Value, element: &Value) -> Vec<(String, String, Value)> {
    let action = json!({
        "type": element["type"], "action_id": element["action_id"], "block_id": block.get("block_id").cloned().unwrap_or(json!("b")),
    });
    let label = |of: &Value| text_of(&of["text"], "text").to_owned();
    match element["type"].as_str() {
        Some("button") => {
            let value = text_of(element, "value").to_owned();
            let mut action = action;
            action["value"] = json!(value);
            action["text"] = element["text"].clone();
            if value.is_empty() { Vec::new() } else { vec![(value, label(element), action)] }
        }
        Some("static_select" | "overflow") => {
            let options = element["options"].as_array().into_iter().flatten();
            options
                .map(|option| {
                    let mut action = action.clone();
                    action["selected_option"] = option.clone();
                    (text_of(option, "value").to_owned(), label(option), action)
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The values of a form's inputs: the text, and the breadth that the text begins with, as it does in a command.
pub(super) fn filled(view: &Value, text: &str) -> Value {
    let breadth =
        text.split_once(char::is_whitespace).filter(|(word, _)| matches!(*word, "package" | "scope" | "registry"));
    let mut values = json!({});
    for block in view["blocks"].as_array().into_iter().flatten().filter(|block| block["type"] == "input") {
        let element = &block["element"];
        let options = || element["options"].as_array().into_iter().flatten();
        let mut value = json!({"type": element["type"]});
        if element["type"] == "plain_text_input" {
            value["value"] = json!(breadth.map_or(text, |(_, rest)| rest));
        } else {
            let wanted = breadth.and_then(|(word, _)| options().find(|option| text_of(option, "value").contains(word)));
            value["selected_option"] = wanted.or(element.get("initial_option")).cloned().unwrap_or_default();
        }
        values[text_of(block, "block_id")][text_of(element, "action_id")] = value;
    }
    values
}
