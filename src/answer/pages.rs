//! Pages in a browser: what became of an installation. Everything that comes from outside is escaped by the templates.

use maud::{DOCTYPE, Markup, html};

/// How pages look. A page that is shown may use nothing else: its content security policy names this by its hash.
pub const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color:#1d1c1d;\
background:#fff}h1{font-size:1.5rem}code{background:#f2f2f2;padding:.1rem .3rem;border-radius:.2rem}a{color:#0b57d0}\
@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#1a1d21}code{background:#2c2f33}a{color:#8ab4f8}}";

/// A page with a heading.
#[must_use]
pub fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · npmfix" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    (body)
                }
            }
        }
    };
    page.into_string()
}

/// Where to go on in Slack after an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The bot is there: the address that opens it.
    Open(String),
    /// An organisation has it, but no workspace yet: the address where an admin adds it to some.
    AddToWorkspaces(String),
    /// Slack did not say.
    Unknown,
}

/// The bot is installed.
#[must_use]
pub fn installed(name: Option<&str>, next: &Next) -> String {
    let body = html! {
        p {
            "npmfix is in "
            @match name {
                Some(name) => strong { (name) },
                None => "your workspace",
            }
            " now."
        }
        @if let Next::AddToWorkspaces(there) = next {
            p { "An organisation was chosen, so it works nowhere yet: " a href=(there) { "add it to workspaces" } "." }
        }
        ol {
            li { "In a channel where people meet npm errors, write " code { "/invite @npmfix" } "." }
            li { "Paste an npm error there. The answer comes into its thread." }
            li { "Write " code { "/npmfix help" } " for everything else." }
        }
        p { "npmfix keeps no text of messages, and removes tokens and passwords before anything else is done." }
        @if let Next::Open(there) = next {
            p { a href=(there) { "Open it in Slack" } }
        }
    };
    page("npmfix is installed", &body)
}

/// Whoever was to install it chose not to.
#[must_use]
pub fn cancelled(again: &str) -> String {
    let body = html! {
        p { "Nothing was installed, and nothing is stored." }
        (begin_again(again, "If that was by mistake, "))
    };
    page("Not installed", &body)
}

/// The way back from Slack was not the way there, took too long, or was gone already.
#[must_use]
pub fn not_begun_here(again: &str) -> String {
    let body = html! {
        p {
            "This page ends an installation that was begun in the same browser within the last ten minutes, and it does so once. "
            "None was found: it took longer, it has ended already, another browser began it, or cookies are blocked."
        }
        (begin_again(again, "If npmfix is not in your workspace yet, "))
    };
    page("This installation cannot go on", &body)
}

/// Slack refused, in its own word.
#[must_use]
pub fn refused(word: &str, again: &str) -> String {
    let reason = match word {
        "invalid_code" | "code_already_used" => "Slack's permission was used before, or is too old.",
        "access_denied" => "Slack or an admin of your workspace did not permit it.",
        "invalid_scope" | "invalid_scope_requested" | "scope_not_allowed_on_enterprise" => {
            "The app asks for something that Slack does not grant here. Whoever runs this npmfix has to look into it."
        }
        "team_not_allowed" | "invalid_team_for_non_distributed_app" | "unapproved_scope" | "app_not_approved" => {
            "This app may not be installed in your workspace yet. Whoever runs this npmfix has to activate its distribution, or \
             an admin of your workspace has to approve it."
        }
        "bad_redirect_uri" | "invalid_client_id" | "bad_client_secret" | "invalid_redirect_uri" => {
            "This npmfix is not set up right for Slack. Whoever runs it finds the reason in its log."
        }
        _ => "Slack did not say why in a way that is known here.",
    };
    let body = html! {
        p { (reason) }
        p { "Slack's own word for it: " code { (word) } }
        (begin_again(again, "To try it once more, "))
    };
    page("Slack refused the installation", &body)
}

/// Slack did not answer, or its answer was cut off.
#[must_use]
pub fn unreached(again: &str) -> String {
    let body = html! {
        p { "Slack could not be asked to finish the installation. That passes by itself most of the time." }
        (begin_again(again, "In a minute, "))
    };
    page("Slack did not answer", &body)
}

/// The database did not take it.
#[must_use]
pub fn not_stored(again: &str) -> String {
    let body = html! {
        p { "Slack has agreed, but the installation could not be stored here. Whoever runs this npmfix finds the reason in its log." }
        (begin_again(again, "Afterwards, "))
    };
    page("The installation was not stored", &body)
}

fn begin_again(again: &str, when: &str) -> Markup {
    html! { p { (when) a href=(again) { "begin again" } "." } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_escaped() {
        let hostile = r#""><script>alert(1)</script>"#;
        for page in
            [installed(Some(hostile), &Next::Open(hostile.to_owned())), refused(hostile, hostile), cancelled(hostile)]
        {
            assert!(!page.contains("<script"), "{page}");
            assert!(page.contains("&lt;script&gt;"), "{page}");
        }
    }
}
