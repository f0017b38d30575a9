//! Looks for a post in its channel, when nobody knows what became of it.

use std::time::Duration;

use jiff::SignedDuration;

use super::{Messenger, channel, pictures};
use crate::{
    bot::{outbox::LookUp, say::Say},
    discord::{
        render,
        rest::{RestError, Route, route::PAGE},
        wire::{Component, Message, loose::Many, snowflake_at},
    },
    store::outbox::Parcel,
};

/// Waited for a look into the history.
const LOOK: Duration = Duration::from_secs(10);

/// What it means that Discord was asked and did not show: only its no is a reason not to look again.
fn unseen(error: RestError) -> LookUp {
    match error {
        RestError::Refused { .. } => LookUp::Unknown,
        RestError::Limited(wait) => LookUp::Later(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)),
        // Nobody asks with this token again; the next process may have another.
        RestError::Unauthorized => LookUp::Later(SignedDuration::from_mins(1)),
        RestError::Failed(why) | RestError::Unclear(why) => LookUp::Failed(why),
    }
}

impl Messenger {
    /// Looks for a post among the messages after the one that it answers.
    pub(super) async fn find(&self, parcel: &Parcel) -> LookUp {
        let Ok(say) = serde_json::from_str::<Say>(&parcel.body) else { return LookUp::Unknown };
        let channel = channel(&say.to);
        // What is no reply to a message stands after the time at which it was put into the outbox.
        let about = say.to.message().map(|message| message.id.as_str());
        let Some(after) = about.map(str::to_owned).or_else(|| since(&parcel.key)) else { return LookUp::Unknown };
        let known = match self.identity.get(&self.rest).await {
            Ok(known) => known,
            Err(error) => return unseen(error),
        };
        let page = match self.rest.call_again(&Route::messages_after(channel, &after), None, LOOK).await {
            Ok(page) => page.to_string(),
            Err(error) => return unseen(error),
        };
        let Ok(page) = serde_json::from_str::<Many<Message<'_>>>(&page) else { return LookUp::Unknown };
        // With its pictures as files, or told in words.
        let (drawn, told) =
            (render::drawn(&say.content, &pictures::names(&say.content)), render::message(&say.content));
        let forms = [drawn.to_string(), told.to_string()];
        let forms: Vec<Message<'_>> = forms.iter().map(|form| serde_json::from_str(form).unwrap_or_default()).collect();
        let choices = say.content.rows.iter().any(|row| !row.choices.is_empty());
        let reply = parcel.reply.as_deref().filter(|_| choices).map(|reply| format!("{reply}:"));
        let ours = |message: &&Message<'_>| {
            message.author.get().is_some_and(|author| author.id.as_str() == known.me)
                && match message.message_reference.get() {
                    Some(reference) => Some(reference.message_id.as_str()) == about,
                    // No reply: to nothing, to a thread as a whole, or to what was gone when it was posted.
                    None => forms.iter().any(|form| same_cards(message, form)),
                }
                && reply.as_ref().is_none_or(|reply| message.components.0.iter().any(|c| names(c, reply)))
        };
        match page.0.iter().find(ours) {
            Some(found) => LookUp::Found(Some(found.id.as_str().to_owned())),
            // It may stand further on.
            None if page.0.len() >= PAGE => LookUp::Unknown,
            None => LookUp::Absent,
        }
    }
}

/// Whether a component or one inside it has an id that begins so.
fn names(component: &Component<'_>, start: &str) -> bool {
    component.custom_id.as_str().starts_with(start) || component.components.0.iter().any(|inner| names(inner, start))
}

/// Whether two messages begin with the same card.
fn same_cards(one: &Message<'_>, other: &Message<'_>) -> bool {
    let first = |message: &Message<'_>| {
        message
            .embeds
            .0
            .first()
            .map(|card| (card.title.as_str().to_owned(), card.description.as_str().trim().to_owned()))
    };
    first(one) == first(other)
}

/// A snowflake from before a row was put into the outbox: its key begins with the time.
fn since(key: &str) -> Option<String> {
    /// Two clocks may differ.
    const MARGIN: i64 = 60_000;
    let number = u128::from_str_radix(key, 36).ok()?;
    let millis = i64::try_from(number >> 80).ok()?;
    Some(snowflake_at(millis - MARGIN).to_string())
}
