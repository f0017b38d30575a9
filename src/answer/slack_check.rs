//! What `npmfix slack check` finds, in words.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Good,
    /// Works, and somebody may want to know.
    Note,
    /// Has to be mended.
    Problem,
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// There is neither a token nor an app to install.
    NothingSet,
    /// A part is set without the one that it needs: what is set, and what is missing.
    Half(&'static str, &'static str),
    /// Two parts that exclude each other.
    Both(&'static str, &'static str),
    /// The bot's token works, in this workspace.
    Token(String),
    /// The bot's token works for a whole organisation.
    OrganisationToken(String),
    /// Slack refuses a token or an app: which variable, and Slack's word.
    Refused(&'static str, String),
    /// It is none of the kind that the variable takes: which variable, and how such a one looks.
    Kind(&'static str, &'static str),
    /// Slack could not be asked about a variable, and why.
    NotAsked(&'static str, String),
    /// Slack did not say what the token may do.
    ScopesUnknown,
    /// A scope is missing that is needed, and what for.
    ScopeMissing(&'static str, &'static str),
    /// A scope is missing that one can do without, and what for.
    ScopeLeftOut(&'static str, &'static str),
    /// A scope that nothing needs.
    ScopeUnused(String),
    /// All scopes that are needed are there.
    Scopes,
    /// The app's token works: events can come over a connection.
    AppToken,
    /// The signing secret looks like one: events can come to an address.
    SigningSecret,
    /// Neither: no event can come.
    NoWayIn,
    /// The address, and that it has the right form.
    Url(String),
    /// The address is not one that Slack takes.
    UrlForm(String),
    /// Nobody knows the address of this program: what it is needed for.
    NoUrl(&'static str),
    /// The key is none, and why.
    Key(String),
    /// So many workspaces are installed, and the keys open their tokens.
    Installed(usize),
    /// The database cannot be opened, or a token in it, and why.
    Database(String),
    /// The events that have to be switched on.
    Events(Vec<&'static str>),
    /// The addresses that have to be entered: what for, and which.
    Addresses(Vec<(&'static str, String)>),
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Token(_)
            | Self::OrganisationToken(_)
            | Self::Scopes
            | Self::AppToken
            | Self::SigningSecret
            | Self::Url(_)
            | Self::Installed(_) => Level::Good,
            Self::ScopesUnknown
            | Self::ScopeLeftOut(..)
            | Self::ScopeUnused(_)
            | Self::Events(_)
            | Self::Addresses(_) => Level::Note,
            _ => Level::Problem,
        }
    }

    /// It in words, without a line break at its end.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NothingSet => {
                "set SLACK_BOT_TOKEN for one workspace, or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for many".to_owned()
            }
            Self::Half(set, missing) => format!("{set} is set, but {missing} is not"),
            Self::Both(one, other) => format!("{one} and {other} are both set: leave one of them out"),
            Self::Token(name) => format!("SLACK_BOT_TOKEN works in {name}"),
            Self::OrganisationToken(name) => format!("SLACK_BOT_TOKEN works in the organisation {name}"),
            Self::Refused(variable, word) => format!("Slack refuses {variable}: {word}. {}", mend(variable)),
            Self::Kind(variable, looks) => format!("{variable} is none: {looks}. {}", mend(variable)),
            Self::NotAsked(variable, why) => format!("cannot ask Slack about {variable}: {why}"),
            Self::ScopesUnknown => "Slack does not say which scopes the token has".to_owned(),
            Self::ScopeMissing(scope, reason) => {
                format!(
                    "the scope {scope} is missing: {} Add it under OAuth & Permissions and install the app again",
                    plain(reason)
                )
            }
            Self::ScopeLeftOut(scope, reason) => format!("the scope {scope} was left out: {}", plain(reason)),
            Self::ScopeUnused(scope) => format!("the scope {scope} is not needed: it can go"),
            Self::Scopes => "all scopes that are needed are there".to_owned(),
            Self::AppToken => "SLACK_APP_TOKEN works: events come over Socket Mode".to_owned(),
            Self::SigningSecret => "SLACK_SIGNING_SECRET looks like one: events come over HTTP".to_owned(),
            Self::NoWayIn => {
                "no event can come in: set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP".to_owned()
            }
            Self::Url(url) => format!("NPMFIX_URL has the right form: {url}"),
            Self::UrlForm(url) => {
                format!("NPMFIX_URL {url:?} is none that Slack takes: it begins with https:// and has no ? or # in it")
            }
            Self::NoUrl(what) => {
                format!("NPMFIX_URL is not set, and {what} needs it: the address at which this program is reached")
            }
            Self::Key(why) | Self::Database(why) => why.clone(),
            Self::Installed(0) => "no workspace has installed it yet".to_owned(),
            Self::Installed(1) => "1 workspace has installed it, and its token opens".to_owned(),
            Self::Installed(count) => format!("{count} workspaces have installed it, and their tokens open"),
            Self::Events(events) => {
                format!(
                    "Slack does not tell which events are on. These should be, under Event Subscriptions: {}",
                    events.join(", ")
                )
            }
            Self::Addresses(list) => {
                let list: Vec<_> = list.iter().map(|(what, url)| format!("{what} {url}")).collect();
                format!("these addresses should stand in the app's settings: {}", list.join(", "))
            }
        }
    }
}

/// A line of the report.
#[must_use]
pub fn line(finding: &Finding) -> String {
    let mark = match finding.level() {
        Level::Good => "ok     ",
        Level::Note => "note   ",
        Level::Problem => "wrong  ",
    };
    format!("{mark}{}\n", finding.sentence())
}

/// The end of the report.
#[must_use]
pub fn verdict(problems: usize) -> String {
    match problems {
        0 => "npmfix can work in Slack.\n".to_owned(),
        1 => "1 thing has to be mended.\n".to_owned(),
        n => format!("{n} things have to be mended.\n"),
    }
}

fn mend(variable: &str) -> &'static str {
    match variable {
        "SLACK_BOT_TOKEN" => "Copy the Bot User OAuth Token again, from OAuth & Permissions",
        "SLACK_APP_TOKEN" => {
            "Make an app-level token with the scope connections:write, under Basic Information, and switch Socket Mode on"
        }
        _ => "Copy it again, from Basic Information",
    }
}

fn plain(reason: &str) -> String {
    reason.replace('`', "")
}
