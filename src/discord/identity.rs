//! Who the bot is, as Discord says: asked once, when it is first needed.

use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::OnceCell;

use super::{
    rest::{Rest, RestError, Route},
    wire::{
        User,
        loose::{Maybe, Number, Text},
    },
};
use crate::message::{IdError, TeamId};

/// Bits of an application's flags: it may read what is written, fully or while it is small.
const CONTENT: u64 = 1 << 18 | 1 << 19;
/// What the bot has to be allowed in a server: to see channels, to write in them and in threads, to send cards and a digest's
/// picture, and to read what was written before, which a reply needs.
const PERMISSIONS: u64 = 1 << 10 | 1 << 11 | 1 << 38 | 1 << 14 | 1 << 15 | 1 << 16;

/// The bot and its application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The application's id.
    pub application: String,
    /// Its name.
    pub name: String,
    /// The bot's own id as a user.
    pub me: String,
    /// With which Discord signs its requests, in hexadecimal digits.
    pub key: String,
    /// Whether it gets the text of messages that are not meant for it.
    pub content: bool,
}

impl Known {
    /// The bot itself where a table asks for a team.
    pub fn team(&self) -> Result<TeamId, IdError> {
        TeamId::parse(&format!("discord:bot-{}", self.application))
    }

    /// Where somebody adds the bot to a server.
    #[must_use]
    pub fn invitation(&self) -> String {
        format!(
            "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands&permissions={PERMISSIONS}",
            self.application
        )
    }
}

/// Asks who the bot is, and remembers.
#[derive(Debug, Default)]
pub struct Identity {
    known: OnceCell<Arc<Known>>,
    /// The application's id, if it was configured.
    application: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Application<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    bot: Maybe<User<'a>>,
    #[serde(borrow)]
    verify_key: Text<'a>,
    flags: Number,
}

impl Identity {
    /// With the application's id, if it is known.
    #[must_use]
    pub fn new(application: Option<String>) -> Self {
        Self { known: OnceCell::new(), application }
    }

    /// Who the bot is.
    pub async fn get(&self, rest: &Rest) -> Result<Arc<Known>, RestError> {
        let known = self.known.get_or_try_init(|| async {
            let told = rest.call_again(&Route::application(), None, super::PATIENCE).await?.to_string();
            let told: Application<'_> = serde_json::from_str(&told).unwrap_or_default();
            let Some(id) = self.application.as_deref().or(told.id.some()) else {
                return Err(RestError::Failed("it does not say who the bot is".to_owned()));
            };
            Ok(Arc::new(Known {
                application: id.to_owned(),
                name: told.name.as_str().to_owned(),
                // Applications of Discord's first years have another id than their bot.
                me: told.bot.get().and_then(|bot| bot.id.some()).unwrap_or(id).to_owned(),
                key: told.verify_key.as_str().to_owned(),
                content: told.flags.0 & CONTENT != 0,
            }))
        });
        known.await.map(Arc::clone)
    }
}
