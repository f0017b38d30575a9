//! Installing: somebody agrees or does not, and the app takes its token.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::{
    APP, BOT, BOT_USER, Fake,
    state::{Code, Token},
    web::{Asked, refusal},
};

/// What a browser brings back to the app after Slack's page.
pub struct Install<'a> {
    /// The address of Slack's page, as the app sent the browser there.
    pub page: &'a str,
    /// The workspace; `None` for all of an organisation.
    pub team: Option<(&'a str, &'a str)>,
    pub enterprise: Option<(&'a str, &'a str)>,
    pub user: &'a str,
}

impl Fake {
    /// Somebody agrees to an install; returns the address that the browser goes to.
    pub fn agrees(&self, install: &Install<'_>) -> String {
        let (query, redirect, back) = self.consent(install.page);
        let pair = |pair: Option<(&str, &str)>| pair.map(|(id, name)| (id.to_owned(), name.to_owned()));
        let mut state = self.state();
        let code = state.fresh("code.");
        state.codes.insert(
            code.clone(),
            Code {
                redirect,
                scopes: query.get("scope").into_iter().flat_map(|s| s.split(',')).map(str::to_owned).collect(),
                team: pair(install.team),
                enterprise: pair(install.enterprise),
                user: install.user.to_owned(),
            },
        );
        let mut back = back;
        back.query_pairs_mut().append_pair("code", &code);
        if let Some(mark) = query.get("state") {
            back.query_pairs_mut().append_pair("state", mark);
        }
        back.into()
    }

    /// Somebody does not agree.
    pub fn cancels(&self, page: &str) -> String {
        let (query, _, mut back) = self.consent(page);
        back.query_pairs_mut().append_pair("error", "access_denied");
        if let Some(mark) = query.get("state") {
            back.query_pairs_mut().append_pair("state", mark);
        }
        back.into()
    }

    fn consent(&self, page: &str) -> (BTreeMap<String, String>, String, Url) {
        let page = Url::parse(page).unwrap();
        assert_eq!(page.path(), "/oauth/v2/authorize");
        let query: BTreeMap<String, String> = page.query_pairs().into_owned().collect();
        assert_eq!(query.get("client_id"), Some(&self.state().client_id));
        assert!(query.get("scope").is_some_and(|scope| !scope.is_empty()), "no scope");
        assert!(query.get("state").is_some_and(|state| state.len() >= 20), "no state that nobody guesses");
        let redirect = query.get("redirect_uri").cloned().unwrap();
        let back = Url::parse(&redirect).unwrap();
        (query, redirect, back)
    }
}

pub fn access(fake: &Fake, asked: &Asked<'_>) -> Value {
    let mut state = fake.state();
    if asked.text("client_id") != state.client_id {
        return refusal("invalid_client_id");
    }
    if asked.text("client_secret") != state.client_secret {
        return refusal("bad_client_secret");
    }
    let Some(code) = state.codes.remove(asked.text("code")) else { return refusal("invalid_code") };
    if asked.text("redirect_uri") != code.redirect {
        return refusal("bad_redirect_uri");
    }
    let token = format!("{}-{}", "xoxb", state.fresh("installed-"));
    state.tokens.insert(
        token.clone(),
        Token {
            team: code.team.as_ref().map(|(id, _)| id.clone()),
            enterprise: code.enterprise.as_ref().map(|(id, _)| id.clone()),
            bot_user: BOT_USER.to_owned(),
            bot: BOT.to_owned(),
            scopes: code.scopes.iter().cloned().collect(),
            installer: code.user.clone(),
        },
    );
    let named = |pair: &Option<(String, String)>| pair.as_ref().map(|(id, name)| json!({"id": id, "name": name}));
    json!({
        "ok": true, "access_token": token, "token_type": "bot", "scope": code.scopes.join(","), "bot_user_id": BOT_USER,
        "app_id": APP, "team": named(&code.team), "enterprise": named(&code.enterprise),
        "is_enterprise_install": code.team.is_none(), "authed_user": {"id": code.user},
    })
}
