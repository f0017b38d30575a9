//! Installing in many workspaces: the two pages of the app, Slack's page between them, and what is kept of it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::http::{Request, header};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use npmfix::{
    message::{TeamId, UserId},
    slack::{
        api::Api,
        oauth::{self, Client, Settings},
        scopes::Reach,
        workspaces::{Install as Whose, Many, Workspace, Workspaces},
    },
    store::{
        Store,
        seal::{Keys, fresh_key},
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

use crate::{
    fake::{Fake, Fault, http, oauth::Install},
    log, tables,
};

/// The app's web pages, with a database and a clock of its own.
pub struct Site {
    pub fake: Fake,
    pub store: Store,
    pub workspaces: Arc<Workspaces>,
    url: String,
    seconds: Arc<AtomicI64>,
    pub file: std::path::PathBuf,
    _folder: TempDir,
}

/// What a page answered.
pub struct Page {
    pub status: u16,
    pub text: String,
    location: String,
    cookie: String,
    policy: String,
}

pub fn team(id: &str) -> TeamId {
    TeamId::parse(id).unwrap()
}

pub fn keys(list: &[&str]) -> Keys {
    Keys::parse(&SecretString::from(list.join(","))).unwrap()
}

pub const GLOBEX: Install<'static> =
    Install { page: "", team: Some(("T0GLOBEX", "Globex & Sons")), enterprise: None, user: "U0EVE" };

impl Site {
    pub async fn start() -> Self {
        Self::start_with(&fresh_key()).await
    }

    pub async fn start_with(key: &str) -> Self {
        log::keep();
        let seconds = Arc::new(AtomicI64::new(Timestamp::now().as_second()));
        let now = Arc::clone(&seconds);
        let clock: npmfix::bot::outbox::Clock =
            Arc::new(move || Timestamp::from_second(now.load(Ordering::Relaxed)).unwrap());
        let fake = Fake::start_at(Arc::clone(&clock)).await;
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("npmfix.db");
        let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        let api = Api::new(Some(&fake.api())).unwrap();
        let many = Many::open(store.clone(), keys(&[key])).await.unwrap();
        let workspaces = Arc::new(Workspaces::many(api.clone(), many, Arc::clone(&clock)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = {
            let state = fake.state();
            Client { id: state.client_id.clone(), secret: state.client_secret.clone().into() }
        };
        let settings = Settings {
            client,
            url: Url::parse(&url).unwrap(),
            reach: Reach::Full,
            random: rand::random::<[u8; 32]>,
            clock,
        };
        let router = oauth::router(settings, Arc::clone(&workspaces), api).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { fake, store, workspaces, url, seconds, file, _folder: folder }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::Relaxed)).unwrap()
    }

    pub fn pass(&self, time: SignedDuration) {
        self.seconds.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    pub async fn get(&self, address: &str, cookie: &str) -> Page {
        let request = Request::get(address).header(header::COOKIE, cookie).body(Full::default()).unwrap();
        let (status, headers, body) = http::send(request).await.unwrap();
        let text =
            |name| headers.get(name).and_then(|v: &header::HeaderValue| v.to_str().ok()).unwrap_or_default().to_owned();
        Page {
            status,
            text: String::from_utf8(body.to_vec()).unwrap(),
            location: text(header::LOCATION),
            cookie: text(header::SET_COOKIE),
            policy: text(header::CONTENT_SECURITY_POLICY),
        }
    }

    /// Somebody begins: where Slack's page is, and the cookie that the browser keeps.
    pub async fn begins(&self) -> (String, String) {
        let page = self.get(&format!("{}/slack/install", self.url), "").await;
        assert_eq!(page.status, 302, "{}", page.text);
        assert!(page.location.starts_with(&self.fake.url("/oauth/v2/authorize?")), "{}", page.location);
        let (pair, rest) = page.cookie.split_once("; ").unwrap();
        assert_eq!(rest, "Path=/; Max-Age=600; HttpOnly; SameSite=Lax");
        (page.location, pair.to_owned())
    }

    /// Somebody begins, agrees and comes back.
    pub async fn installs(&self, install: Install<'_>) -> Page {
        let (page, cookie) = self.begins().await;
        let back = self.fake.agrees(&Install { page: &page, ..install });
        self.get(&back, &cookie).await
    }

    pub async fn workspace(&self, id: &str) -> Option<Arc<Workspace>> {
        self.workspaces.of_team(&team(id)).await.unwrap()
    }

    /// Slack says that a token works no more, and nobody else says anything.
    pub fn revoke(&self, workspace: &Workspace) {
        self.fake.state().tokens.remove(workspace.token.expose_secret()).unwrap();
    }

    fn exchanges(&self) -> usize {
        self.fake.calls("oauth.v2.access").len()
    }
}

#[tokio::test]
async fn somebody_installs_it_in_a_workspace() {
    let site = Site::start().await;
    let page = site.installs(GLOBEX).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("npmfix is in <strong>Globex &amp; Sons</strong> now."), "{}", page.text);
    assert!(page.text.contains("/invite @npmfix"), "{}", page.text);
    assert!(page.policy.starts_with("default-src 'none'; style-src 'sha256-"), "{}", page.policy);
    assert!(page.cookie.contains("Max-Age=0"), "{}", page.cookie);

    let workspace = site.workspace("slack:T0GLOBEX").await.unwrap();
    assert_eq!(workspace.name.as_deref(), Some("Globex & Sons"));
    assert_eq!((workspace.bot_user.as_str(), workspace.bot_id.as_deref()), ("U0NPMFIX", Some("B0NPMFIX")));
    assert_eq!(workspace.url.as_deref(), Some("https://acme.slack.example/"));
    assert!(workspace.may("chat:write") && !workspace.may("chat:write.public"));
    let eve = site.store.who(&workspace.team, &UserId::parse("U0EVE").unwrap());
    assert_eq!(workspace.installer.as_ref(), Some(&eve));
    assert!(site.workspace("slack:T0ACME").await.is_none());
    site.fake.done();
}

#[tokio::test]
async fn whoever_did_not_begin_here_gets_nothing() {
    let site = Site::start().await;
    let (page, cookie) = site.begins().await;
    let back = site.fake.agrees(&Install { page: &page, ..GLOBEX });
    let state = Url::parse(&back).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let (_, other) = site.begins().await;
    let forged = back.replace(&state, &state.chars().rev().collect::<String>());
    let stateless = back.replace(&format!("state={state}"), "");
    for (address, cookie) in [(&back, ""), (&back, &other), (&forged, &cookie), (&stateless, &cookie)] {
        let page = site.get(address, cookie).await;
        assert_eq!(page.status, 400, "{}", page.text);
        assert!(page.text.contains("begun in the same browser"), "{}", page.text);
    }
    assert_eq!(site.exchanges(), 0);
    // Nobody else's attempt took it from the one who began.
    assert_eq!(site.get(&back, &format!("theme=dark; {cookie}")).await.status, 200);
    // It ends once.
    assert_eq!(site.get(&back, &cookie).await.status, 400);
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn an_installation_ends_within_ten_minutes() {
    let site = Site::start().await;
    for (minutes, status) in [(9, 200), (11, 400)] {
        let (page, cookie) = site.begins().await;
        let back = site.fake.agrees(&Install { page: &page, ..GLOBEX });
        site.pass(SignedDuration::from_mins(minutes));
        assert_eq!(site.get(&back, &cookie).await.status, status, "after {minutes} minutes");
    }
    // Whoever only begins leaves nothing behind, and who ended goes when nobody can come back with the same.
    let ended = async || tables::dump(&site.store).await.get("install_begun").map_or(0, Vec::len);
    site.begins().await;
    assert_eq!(ended().await, 1);
    site.pass(SignedDuration::from_mins(11));
    site.installs(GLOBEX).await;
    assert_eq!(ended().await, 1);
}

#[tokio::test]
async fn somebody_chooses_not_to() {
    let site = Site::start().await;
    let (page, cookie) = site.begins().await;
    let back = site.fake.cancels(&page);
    let page = site.get(&back, &cookie).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Nothing was installed"), "{}", page.text);
    assert_eq!(site.exchanges(), 0);
    assert!(tables::dump(&site.store).await["install"].is_empty());
}

#[tokio::test]
async fn what_slack_refuses_is_said_in_words() {
    let site = Site::start().await;
    for (fault, status, says) in [
        (Fault::Error("invalid_code"), 400, "was used before, or is too old"),
        (Fault::Error("bad_client_secret"), 400, "is not set up right"),
        (Fault::Error("<b>new</b>"), 400, "&lt;b&gt;new&lt;/b&gt;"),
        (Fault::Limited(3), 502, "Slack could not be asked"),
        (Fault::Status(500), 502, "Slack could not be asked"),
        (Fault::Html, 502, "Slack could not be asked"),
    ] {
        site.fake.fault("oauth.v2.access", fault);
        let page = site.installs(GLOBEX).await;
        assert_eq!((page.status, page.text.contains(says)), (status, true), "{}", page.text);
        assert!(page.text.contains("begin again"), "{}", page.text);
    }
    assert!(tables::dump(&site.store).await["install"].is_empty());
    site.fake.done();
}

#[tokio::test]
async fn an_organisation_installs_it_for_all_its_workspaces() {
    let site = Site::start().await;
    let initech = Some(("E0INITECH", "Initech"));
    let page = site.installs(Install { team: None, enterprise: initech, ..GLOBEX }).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("https://app.slack.com/manage/E0INITECH/integrations/profile/A0NPMFIX/workspaces/add"));
    let found = async |workspace, org_wide| {
        let whose = Whose { enterprise: Some("E0INITECH"), workspace, org_wide };
        site.workspaces.of_install(whose).await.unwrap().map(|found| found.team.to_string())
    };
    assert_eq!(found(Some("T0SALES"), true).await.as_deref(), Some("slack:E0INITECH"));
    assert_eq!(found(None, true).await.as_deref(), Some("slack:E0INITECH"));
    // Some payloads do not say that the install is the organisation's.
    assert_eq!(found(Some("T0SALES"), false).await.as_deref(), Some("slack:E0INITECH"));
    // A workspace with an install of its own keeps it.
    site.installs(Install { team: Some(("T0SALES", "Sales")), enterprise: initech, ..GLOBEX }).await;
    assert_eq!(found(Some("T0SALES"), false).await.as_deref(), Some("slack:T0SALES"));
    assert_eq!(found(Some("T0SALES"), true).await.as_deref(), Some("slack:E0INITECH"));
    assert_eq!(found(Some("T0OTHER"), false).await.as_deref(), Some("slack:E0INITECH"));
    site.fake.done();
}

#[test]
fn people_agree_on_slacks_own_page_whatever_stands_in_for_its_api() {
    for (api, page) in [
        ("https://slack.com/api/", "https://slack.com/oauth/v2/authorize"),
        ("https://proxy.acme.example/api/", "https://slack.com/oauth/v2/authorize"),
        ("http://127.0.0.1:9/api/", "http://127.0.0.1:9/oauth/v2/authorize"),
    ] {
        assert_eq!(oauth::consent(&Url::parse(api).unwrap()).as_str(), page);
    }
}

#[test]
fn only_addresses_that_nobody_listens_to_are_taken() {
    for (address, safe) in [
        ("https://npmfix.example.com", true),
        ("http://127.0.0.1:8080", true),
        ("http://[::1]:8080", true),
        ("http://localhost:8080", true),
        ("http://npmfix.example.com", false),
        ("http://127.0.0.1.example.com", false),
        ("ftp://127.0.0.1", false),
    ] {
        assert_eq!(oauth::is_safe(&Url::parse(address).unwrap()), safe, "{address}");
    }
}
