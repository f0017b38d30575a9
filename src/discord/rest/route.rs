//! What can be called. Routes of one kind share a rate limit for each channel (or application, or interaction) that they name.

use axum::http::Method;

/// Messages of a page: the most that Discord tells at once.
pub const PAGE: usize = 100;

/// A method and a path, with what its rate limit hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    method: Method,
    path: String,
    kind: &'static str,
    major: String,
}

impl Route {
    fn new(method: Method, kind: &'static str, major: &str, path: String) -> Self {
        Self { method, path, kind, major: major.to_owned() }
    }

    /// Where the gateway is, and how often it may be connected to.
    #[must_use]
    pub fn gateway() -> Self {
        Self::new(Method::GET, "gateway", "", "/gateway/bot".to_owned())
    }

    /// The bot's application.
    #[must_use]
    pub fn application() -> Self {
        Self::new(Method::GET, "application", "", "/applications/@me".to_owned())
    }

    /// Sets all commands.
    #[must_use]
    pub fn commands(application: &str) -> Self {
        Self::new(Method::PUT, "commands", "", format!("/applications/{application}/commands"))
    }

    /// A channel.
    #[must_use]
    pub fn channel(channel: &str) -> Self {
        Self::new(Method::GET, "channel", channel, format!("/channels/{channel}"))
    }

    /// The roles of a server.
    #[must_use]
    pub fn roles(guild: &str) -> Self {
        Self::new(Method::GET, "roles", guild, format!("/guilds/{guild}/roles"))
    }

    /// Says something in a channel.
    #[must_use]
    pub fn post(channel: &str) -> Self {
        Self::new(Method::POST, "post", channel, format!("/channels/{channel}/messages"))
    }

    /// The messages after one, at most a hundred.
    #[must_use]
    pub fn messages_after(channel: &str, after: &str) -> Self {
        Self::new(Method::GET, "messages", channel, format!("/channels/{channel}/messages?after={after}&limit={PAGE}"))
    }

    /// Changes a message.
    #[must_use]
    pub fn edit(channel: &str, message: &str) -> Self {
        Self::new(Method::PATCH, "edit", channel, format!("/channels/{channel}/messages/{message}"))
    }

    /// Removes a message.
    #[must_use]
    pub fn delete(channel: &str, message: &str) -> Self {
        Self::new(Method::DELETE, "delete", channel, format!("/channels/{channel}/messages/{message}"))
    }

    /// Begins a conversation with one person.
    #[must_use]
    pub fn direct() -> Self {
        Self::new(Method::POST, "direct", "", "/users/@me/channels".to_owned())
    }

    /// Answers an interaction.
    #[must_use]
    pub fn callback(interaction: &str, token: &str) -> Self {
        Self::new(Method::POST, CALLBACK, interaction, format!("/interactions/{interaction}/{token}/callback"))
    }

    /// Changes the answer to an interaction.
    #[must_use]
    pub fn original(application: &str, token: &str) -> Self {
        let path = format!("/webhooks/{application}/{token}/messages/@original");
        Self::new(Method::PATCH, ORIGINAL, token, path)
    }

    /// Adds to the answer to an interaction.
    #[must_use]
    pub fn follow_up(application: &str, token: &str) -> Self {
        Self::new(Method::POST, FOLLOW_UP, token, format!("/webhooks/{application}/{token}"))
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method.clone()
    }

    /// The path behind the version, with its query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it belongs to an interaction: those need no token and do not count for the global limit.
    #[must_use]
    pub fn is_interaction(&self) -> bool {
        matches!(self.kind, CALLBACK | ORIGINAL | FOLLOW_UP)
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn major(&self) -> &str {
        &self.major
    }
}

const CALLBACK: &str = "callback";
const ORIGINAL: &str = "original";
const FOLLOW_UP: &str = "follow-up";
