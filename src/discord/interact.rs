//! Commands, buttons, menus and modals. Discord waits three seconds for the first answer: what takes longer is announced, and
//! answered later. `ask`: what was asked for. `modal`: forms that people fill in.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

use super::{
    facts::Facts,
    identity::Identity,
    render,
    rest::{Rest, RestError, Route},
    wire::Interaction,
};
use crate::{
    answer::reply::{Reply, words},
    bot::{Bot, outbox::Clock},
};

mod ask;
mod modal;

/// Before an answer is announced: the three seconds include the way there and back.
const PROMPT: Duration = Duration::from_millis(1800);
/// Until when a first answer is tried to be given, and how long a try may take.
const FIRST: Duration = Duration::from_millis(2800);
const TRY: Duration = Duration::from_millis(900);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);
/// Discord's code for an interaction that was answered.
const ANSWERED: u64 = 40_060;
/// For an answer that was announced; its token lives for fifteen minutes.
const LATE: Duration = Duration::from_mins(1);
/// Waited for rate limits on the way.
const PATIENCE: Duration = Duration::from_secs(1);
/// Marks what only one person sees.
const EPHEMERAL: u64 = 1 << 6;

/// Kinds of interactions.
const PING: u64 = 1;
const COMMAND: u64 = 2;
const COMPONENT: u64 = 3;
const TYPING: u64 = 4;
const MODAL: u64 = 5;

/// Answers interactions.
pub struct Desk {
    pub(super) bot: Arc<Bot>,
    pub(super) rest: Arc<Rest>,
    pub(super) facts: Arc<Facts>,
    pub(super) identity: Arc<Identity>,
    pub(super) clock: Clock,
}

/// What an interaction leads to.
#[derive(Debug)]
enum Act {
    /// Discord asks whether somebody is there.
    Pong,
    /// A word to one person.
    Private(Reply),
    /// A form.
    Modal(Value),
    /// What fits what is being typed.
    Offers(Vec<Value>),
    /// It is done, and the message shows it by itself.
    Done,
    /// Nothing: it came before.
    Again,
}

/// How the first answer goes back.
pub enum Back {
    /// By a call of the API.
    Call,
    /// As the answer to Discord's own request.
    Answer(oneshot::Sender<Value>),
}

impl Desk {
    /// Carries out an interaction and answers it. It never fails: what goes wrong is said to whoever asked, or logged.
    pub async fn serve(&self, interaction: &Interaction<'_>, back: Back) {
        let until = Instant::now() + FIRST;
        let mut work = std::pin::pin!(self.act(interaction));
        let prompt = timeout(PROMPT, &mut work).await;
        let first = match &prompt {
            Ok(act) => first_answer(act),
            Err(_) => Some(announcement(interaction)),
        };
        if let Some(first) = first
            && !self.answer(interaction, first, back, until).await
        {
            // Whoever asked has given up, or this was answered before.
            tracing::info!(interaction = interaction.id.as_str(), "an interaction is over before it was answered");
        }
        if prompt.is_err() {
            let late = timeout(LATE, &mut work).await.unwrap_or_else(|_| Act::Private(Reply::say(words::trouble())));
            self.follow(interaction, late).await;
        }
    }

    async fn answer(&self, interaction: &Interaction<'_>, first: Value, back: Back, until: Instant) -> bool {
        match back {
            Back::Answer(sender) => sender.send(first).is_ok(),
            Back::Call => {
                let route = Route::callback(interaction.id.as_str(), interaction.token.as_str());
                self.said(&self.call_back(&route, &first, until).await)
            }
        }
    }

    /// Gives the first answer, again and again while there is time: Discord takes one, and says so to whoever comes again.
    async fn call_back(&self, route: &Route, first: &Value, until: Instant) -> Result<Value, RestError> {
        let mut unclear = false;
        loop {
            let called = timeout(TRY, self.rest.call(route, Some(first), PATIENCE)).await;
            let error = match called.unwrap_or_else(|_| Err(RestError::Unclear("no answer in time".to_owned()))) {
                Err(RestError::Refused { code: ANSWERED, .. }) if unclear => return Ok(Value::Null),
                Err(error @ (RestError::Unclear(_) | RestError::Failed(_))) => error,
                outcome => return outcome,
            };
            unclear |= matches!(error, RestError::Unclear(_));
            if Instant::now() + PAUSE >= until {
                return Err(error);
            }
            sleep(PAUSE).await;
        }
    }

    /// What was announced comes now.
    async fn follow(&self, interaction: &Interaction<'_>, act: Act) {
        let token = interaction.token.as_str();
        let pressed = interaction.kind.0 == COMPONENT;
        let reply = match act {
            Act::Private(reply) => reply,
            // A form can only be the first answer: they are to ask again.
            Act::Modal(_) => Reply::say(words::trouble()),
            Act::Pong | Act::Offers(_) | Act::Done | Act::Again => return,
        };
        let application = match self.identity.get(&self.rest).await {
            Ok(known) => known.application.clone(),
            Err(error) => {
                self.said(&Err(error));
                return;
            }
        };
        let mut body = render::message(&reply);
        let route = if pressed {
            if let Some(object) = body.as_object_mut() {
                object.insert("flags".to_owned(), json!(EPHEMERAL));
            }
            Route::follow_up(&application, token)
        } else {
            Route::original(&application, token)
        };
        self.said(&self.rest.call_again(&route, Some(&body), LATE).await);
    }

    fn said(&self, outcome: &Result<Value, RestError>) -> bool {
        if let Err(error) = outcome {
            tracing::warn!(%error, loopback = self.rest.is_loopback(), "an interaction cannot be answered");
        }
        outcome.is_ok()
    }
}

/// The first answer; none for what was answered before.
fn first_answer(act: &Act) -> Option<Value> {
    Some(match act {
        Act::Pong => json!({ "type": 1 }),
        Act::Private(reply) => {
            let mut data = render::message(reply);
            if let Some(object) = data.as_object_mut() {
                object.insert("flags".to_owned(), json!(EPHEMERAL));
            }
            json!({ "type": 4, "data": data })
        }
        Act::Modal(form) => json!({ "type": 9, "data": form }),
        Act::Offers(choices) => json!({ "type": 8, "data": { "choices": choices } }),
        Act::Done => json!({ "type": 6 }),
        Act::Again => return None,
    })
}

/// Tells Discord that the answer comes later: under a button nothing changes until then, elsewhere somebody thinks.
fn announcement(interaction: &Interaction<'_>) -> Value {
    match interaction.kind.0 {
        COMPONENT => json!({ "type": 6 }),
        // Nobody waits for offers that come late.
        TYPING => json!({ "type": 8, "data": { "choices": [] } }),
        _ => json!({ "type": 5, "data": { "flags": EPHEMERAL } }),
    }
}
