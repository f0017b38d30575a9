//! From a paste to a team that helps itself, in a Discord server.

use axum::http::Method;
use serde_json::json;

use crate::{
    fake::{GENERAL, GUILD, ME, SECRET, Seen, THREAD, user},
    rig::{Rig, SCOPES, command, page},
};

#[tokio::test]
async fn a_paste_is_answered_clicked_saved_and_remembered() {
    let rig = Rig::start().await;
    let paste = rig.pastes(SCOPES);
    let answer = rig.says().await;
    assert_eq!(answer["channel_id"], GENERAL);
    assert_eq!(answer["message_reference"]["message_id"], paste["id"]);
    assert!(page(&answer).starts_with("The GitHub token lacks a packages scope"), "{}", page(&answer));

    // "Didn't help" is done at once, and the answer changes in place.
    let pressed = rig.presses(&answer, "Didn't help").await;
    assert_eq!(pressed["type"], 6);
    let changed = rig.changes().await;
    assert_eq!(changed["id"], answer["id"]);
    assert!(page(&changed).contains("does not take this kind of token"), "{}", page(&changed));

    // "Save our fix" opens a form, and what is written there is saved for this answer.
    let form = rig.presses(&changed, "Save our fix").await;
    assert_eq!((form["type"].as_u64(), form["data"]["title"].as_str()), (Some(9), Some("Save our fix")));
    let saved = rig.fake.interacts(filled(&form["data"], "Ask Ops.", "auto")).await;
    assert!(page(&saved["data"]).contains("Saved as fix 1"), "{saved}");
    assert_eq!(saved["data"]["flags"], 64);

    // Somebody else meets it in a thread: the fix stands first, and the answer goes into the thread.
    let paste = rig.fake.writes("bob", THREAD, json!({ "content": SCOPES.replace("widget", "gadget") }));
    let known = rig.says().await;
    assert_eq!(known["channel_id"], THREAD);
    assert_eq!(known["message_reference"]["message_id"], paste["id"]);
    let fake = rig.fake.clone();
    assert!(
        page(&known).contains("I answered this error here") || page(&known).contains("Ask Ops."),
        "{}",
        page(&known)
    );
    rig.settles().await;
    rig.stops().await.2.unwrap();
    fake.end();
}

/// A form as it comes back.
fn filled(form: &serde_json::Value, text: &str, breadth: &str) -> serde_json::Value {
    json!({ "type": 5, "data": { "custom_id": form["custom_id"], "components": [
        { "type": 18, "component": { "type": 4, "custom_id": "text", "value": text } },
        { "type": 18, "component": { "type": 3, "custom_id": "for", "values": [breadth] } },
    ] } })
}

#[tokio::test]
async fn chatter_is_not_answered_and_asks_nothing() {
    let rig = Rig::start().await;
    for text in ["lunch?", "npm is great", "see https://npm.acme.example"] {
        rig.pastes(text);
    }
    let before = rig.fake.calls_of(&Method::GET, "channels").len();
    rig.settles().await;
    assert_eq!(rig.fake.calls_of(&Method::GET, "channels").len(), before);
    let fake = rig.fake.clone();
    rig.stops().await.2.unwrap();
    fake.end();
}

#[tokio::test]
async fn where_nobody_asked_for_it_only_mentions_and_commands_are_answered() {
    let rig = Rig::start().await;
    rig.fake.writes("alice", SECRET, json!({ "content": SCOPES }));
    rig.settles().await;
    rig.fake.writes(
        "alice",
        SECRET,
        json!({ "content": SCOPES.replace("widget", "other"), "mentions": [user("npmfix")] }),
    );
    assert!(page(&rig.says().await).contains("lacks a packages scope"));
    let explained = rig.command("explain", &[("text", SCOPES)]).await;
    assert_eq!((explained["type"].as_u64(), explained["data"]["flags"].as_u64()), (Some(4), Some(64)));
    // What one person was told can be shared, once.
    let message = explained["data"].clone();
    let shared = rig.presses(&message, "Share to channel").await;
    assert!(page(&shared["data"]).contains("Shared."), "{shared}");
    assert!(page(&rig.says().await).contains("Shared by alice."));
    let again = rig.presses(&message, "Share to channel").await;
    assert!(page(&again["data"]).contains("This answer is closed"), "{again}");
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn what_is_said_in_a_private_thread_stays_there() {
    let rig = Rig::start().await;
    let thread = json!({ "id": "1391", "type": 12, "guild_id": GUILD, "parent_id": GENERAL });
    rig.fake.state().channels.insert("1391".to_owned(), thread);
    rig.fake.writes("alice", "1391", json!({ "content": SCOPES, "mentions": [user("npmfix")] }));
    let answer = rig.says().await;
    assert_eq!(answer["channel_id"], "1391");
    assert!(page(&answer).contains("lacks a packages scope"));
    let history = rig.command("history", &[]).await;
    assert!(page(&history["data"]).contains("No error was met yet."), "{history}");
    // Around it, the error is met for the first time.
    rig.pastes(SCOPES);
    let answer = rig.says().await;
    assert_eq!(answer["channel_id"], GENERAL);
    assert!(page(&answer).contains("lacks a packages scope") && !page(&answer).contains("Seen"), "{}", page(&answer));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_direct_message_is_answered_and_stays_there() {
    let rig = Rig::start().await;
    rig.fake.state().channels.insert("1600".to_owned(), json!({ "id": "1600", "type": 1 }));
    rig.fake.writes("alice", "1600", json!({ "content": SCOPES }));
    assert!(page(&rig.says().await).contains("lacks a packages scope"));
    let history = rig.command("history", &[]).await;
    assert!(page(&history["data"]).contains("No error was met yet."), "{history}");
    let direct = json!({ "guild_id": null, "member": null, "user": user("alice"), "channel_id": "1600", "channel": { "id": "1600", "type": 1 } });
    let mut asked = command("history", &[]);
    for (key, value) in direct.as_object().unwrap() {
        asked[key] = value.clone();
    }
    let history = rig.fake.interacts(asked).await;
    assert!(page(&history["data"]).contains("E403 @acme/widget"), "{history}");
    rig.fake.end();
}

#[tokio::test]
async fn long_pastes_come_as_files() {
    let rig = Rig::start().await;
    let url = format!("{}/files/message.txt", rig.fake.base);
    rig.fake.state().files.insert("message.txt".to_owned(), SCOPES.as_bytes().to_vec());
    let file = json!([{ "id": "1", "filename": "message.txt", "size": 30, "url": url }]);
    rig.fake.writes("alice", GENERAL, json!({ "attachments": file }));
    let said = rig.says().await;
    assert!(page(&said).contains("lacks a packages scope"), "{said}");
    // Where nobody reads, no file is fetched.
    rig.fake.writes("alice", SECRET, json!({ "attachments": file }));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_log_is_read_as_powershell_writes_it_and_however_long_it_is() {
    let rig = Rig::start().await;
    let log = |number: usize| {
        let chatter: String =
            (1..=60_000).map(|n| format!("{n} silly placeDep ROOT lodash@4.17.21 OK for: acme\n")).collect();
        format!("{}\n{chatter}", SCOPES.replace("acme", &format!("acme{number}")))
    };
    let unicode = [0xff, 0xfe].into_iter().chain(log(1).encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (number, bytes) in [(1, unicode), (2, log(2).into_bytes().repeat(2))] {
        let (name, url) = (format!("build-{number}.log"), format!("{}/files/build-{number}.log", rig.fake.base));
        rig.fake.state().files.insert(name.clone(), bytes);
        let file = json!([{ "id": "1", "filename": name, "size": 30, "url": url }]);
        rig.fake.writes("alice", GENERAL, json!({ "attachments": file }));
        let said = rig.says().await;
        assert!(page(&said).contains(&format!("@acme{number}%2fwidget")), "{said}");
    }
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_message_can_be_explained_and_saved_from_its_menu() {
    let rig = Rig::start().await;
    let menu = |name: &str, content: &str| {
        let message = json!({ "id": "77", "channel_id": GENERAL, "content": content, "author": user("bob") });
        json!({ "type": 2, "data": {
            "id": "1", "name": name, "type": 3, "target_id": "77", "resolved": { "messages": { "77": message } },
        } })
    };
    let explained = rig.fake.interacts(menu("Explain npm error", SCOPES)).await;
    assert!(page(&explained["data"]).contains("lacks a packages scope"), "{explained}");
    let nothing = rig.fake.interacts(menu("Explain npm error", "lunch?")).await;
    assert!(page(&nothing["data"]).contains("I find no npm"), "{nothing}");
    let form = rig.fake.interacts(menu("Save as our fix", "Ask Ops for a token.")).await;
    assert!(page(&form["data"]).contains("There is no answer in this channel"), "{form}");
    rig.fake.end();
}

#[tokio::test]
async fn a_fix_from_a_menu_is_for_the_message_whose_menu_it_was() {
    const ELSEWHERE: &str = "npm error code E401\nnpm error 401 Unauthorized - GET https://npm.acme.example/left-pad";
    let rig = Rig::start().await;
    let paste = rig.pastes(SCOPES);
    let answer = rig.says().await;
    rig.pastes(ELSEWHERE);
    rig.says().await;
    let thanks =
        json!({ "content": "I made a new token.", "message_reference": { "type": 0, "message_id": paste["id"] } });
    let thanks = rig.fake.writes("bob", GENERAL, thanks);
    for message in [paste, answer, thanks] {
        let id = message["id"].as_str().unwrap();
        let form = rig.fake.interacts(json!({ "type": 2, "data": {
            "id": "1", "name": "Save as our fix", "type": 3, "target_id": id, "resolved": { "messages": { id: message } },
        } })).await;
        // Another error is met while the form is filled in.
        rig.pastes(&ELSEWHERE.replace("acme", id));
        rig.says().await;
        let saved = rig.fake.interacts(filled(&form["data"], "Ask Ops.", "scope")).await;
        assert!(page(&saved["data"]).contains("for E403 on the scope `@acme`"), "{saved}");
    }
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn whoever_saves_a_fix_in_a_private_channel_chooses_who_sees_it() {
    let rig = Rig::start().await;
    for (number, (who, told)) in [("channel", true), ("team", false)].into_iter().enumerate() {
        let text = SCOPES.replace("acme", &format!("acme{number}"));
        rig.fake.writes("alice", SECRET, json!({ "content": text, "mentions": [user("npmfix")] }));
        let answer = rig.says().await;
        let here = |mut asked: serde_json::Value| {
            (asked["channel_id"], asked["channel"]) = (json!(SECRET), json!({ "id": SECRET, "type": 0 }));
            asked
        };
        let press = json!({ "custom_id": crate::rig::button(&answer, "Save our fix"), "component_type": 2 });
        let form = rig.fake.interacts(here(json!({ "type": 3, "data": press, "message": answer }))).await;
        assert_eq!(form["data"]["components"].as_array().unwrap().len(), 3, "{form}");
        let mut form = here(filled(&form["data"], "Ask Ops.", "scope"));
        let choice = json!({ "type": 18, "component": { "type": 3, "custom_id": "who", "values": [who] } });
        form["data"]["components"].as_array_mut().unwrap().push(choice);
        let saved = rig.fake.interacts(form).await;
        assert!(page(&saved["data"]).contains("Saved as fix"), "{saved}");
        assert_eq!(page(&saved["data"]).contains("It is shown in this channel only."), told, "{saved}");
    }
    // Where everybody reads, there is nothing to choose.
    rig.pastes(SCOPES);
    let form = rig.presses(&rig.says().await, "Save our fix").await;
    assert_eq!(form["data"]["components"].as_array().unwrap().len(), 2, "{form}");
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn commands_are_given_in_a_direct_message_as_well() {
    let rig = Rig::start().await;
    rig.fake.state().channels.insert("1600".to_owned(), json!({ "id": "1600", "type": 1 }));
    let asks = async |name: &str, options: &[(&str, &str)]| {
        let mut asked = command(name, options);
        let direct = json!({
            "guild_id": null, "member": null, "user": user("alice"), "channel_id": "1600", "channel": { "id": "1600", "type": 1 },
        });
        for (key, value) in direct.as_object().unwrap() {
            asked[key] = value.clone();
        }
        page(&rig.fake.interacts(asked).await["data"])
    };
    let explained = asks("explain", &[("text", SCOPES)]).await;
    assert!(explained.contains("lacks a packages scope"), "{explained}");
    let nothing = asks("save", &[("text", "Ask Ops.")]).await;
    assert!(nothing.contains("There is no answer in this channel"), "{nothing}");
    rig.fake.writes("alice", "1600", json!({ "content": SCOPES }));
    rig.says().await;
    let saved = asks("save", &[("text", "Ask Ops.")]).await;
    assert!(saved.contains("Saved as fix 1"), "{saved}");
    // It is nobody else's.
    assert!(asks("fixes", &[]).await.contains("Ask Ops."));
    let fixes = rig.command("fixes", &[]).await;
    assert!(!page(&fixes["data"]).contains("Ask Ops."), "{fixes}");
    // Whoever is in it decides there.
    let sure = asks("forget", &[("whom", "team")]).await;
    assert!(sure.contains("/npmfix forget team yes"), "{sure}");
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_mention_asks_and_a_reply_that_mentions_by_itself_does_not() {
    let rig = Rig::start().await;
    let says = |fields: serde_json::Value| {
        let mut fields = fields;
        fields["mentions"] = json!([user("npmfix")]);
        rig.fake.writes("bob", GENERAL, fields)
    };
    rig.pastes(SCOPES);
    let answer = rig.says().await;
    let above = json!({ "type": 0, "message_id": answer["id"] });
    says(json!({ "content": "thanks!", "type": 19, "message_reference": above }));
    rig.settles().await;
    says(json!({ "content": format!("<@{ME}> and now?"), "type": 19, "message_reference": above }));
    assert!(page(&rig.says().await).contains("I find no npm"));
    // Commands have a place of their own, and what is said to the bot is explained.
    says(json!({ "content": format!("<@{ME}> help") }));
    assert!(page(&rig.says().await).contains("I find no npm"));
    says(json!({ "content": format!("<@{ME}> explain {}", SCOPES.replace("widget", "other")) }));
    rig.says().await;
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn a_fix_is_offered_while_its_number_is_typed_and_can_be_changed_in_a_form() {
    let rig = Rig::start().await;
    rig.pastes(SCOPES);
    rig.says().await;
    let saved = rig.command("save", &[("text", "Ask Ops.")]).await;
    assert!(page(&saved["data"]).contains("Saved as fix 1"), "{saved}");
    let typing = |typed: &str| {
        let option = json!({ "name": "fix", "type": 3, "value": typed, "focused": true });
        let sub = json!({ "name": "fix", "type": 1, "options": [option] });
        json!({ "type": 4, "data": { "id": "1", "name": "npmfix", "type": 1, "options": [sub] } })
    };
    for typed in ["", "ops", "1"] {
        let offers = rig.fake.interacts(typing(typed)).await;
        assert_eq!(offers["data"]["choices"][0]["value"], "1", "{typed}: {offers}");
    }
    assert_eq!(rig.fake.interacts(typing("nothing like it")).await["data"]["choices"], json!([]));
    let form = rig.command("fix", &[("fix", "1"), ("do", "edit")]).await;
    assert_eq!(form["data"]["components"][0]["component"]["value"], "Ask Ops.");
    let changed = rig.fake.interacts(filled(&form["data"], "Ask Ops in #ops.", "auto")).await;
    assert!(page(&changed["data"]).contains("Fix 1"), "{changed}");
    rig.fake.end();
}

#[tokio::test]
async fn a_secret_is_told_to_its_author_alone_or_without_a_name() {
    let rig = Rig::start().await;
    let secret = format!("{}{}", "ghp", "_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789");
    rig.pastes(&format!("token is {secret}"));
    let told = rig.says().await;
    assert!(told["channel_id"].as_str().unwrap().starts_with("16"), "{told}");
    assert!(page(&told).contains("Your message holds"), "{told}");
    // Bob takes no direct messages.
    rig.fake.state().no_direct = true;
    let paste = rig.fake.writes("bob", GENERAL, json!({ "content": format!("mine is {secret}") }));
    let line = rig.says().await;
    assert_eq!((line["channel_id"].as_str(), &line["message_reference"]["message_id"]), (Some(GENERAL), &paste["id"]));
    assert!(!page(&line).contains("bob") && !page(&line).contains("GitHub"), "{line}");
    let how = rig.presses(&line, "How to revoke").await;
    assert_eq!(how["data"]["flags"], 64);
    assert!(page(&how["data"]).contains("Your message holds a GitHub token"), "{how}");
    rig.settles().await;
    let everything = format!("{:?}", rig.fake.state().calls);
    assert!(!everything.contains(&secret));
    rig.fake.end();
}

#[tokio::test]
async fn edits_and_deletions_change_the_answer() {
    let rig = Rig::start().await;
    let mut paste = rig.pastes(SCOPES);
    let answer = rig.says().await;
    // A link's preview is no edit.
    rig.fake.dispatch("MESSAGE_UPDATE", paste.clone());
    paste["content"] = json!("never mind");
    paste["edited_timestamp"] = json!("2025-06-15T10:00:00Z");
    rig.fake.dispatch("MESSAGE_UPDATE", paste.clone());
    assert!(page(&rig.changes().await).contains("was edited and holds no npm auth failure any more"));
    rig.fake.dispatch("MESSAGE_DELETE", json!({ "id": paste["id"], "channel_id": GENERAL, "guild_id": GUILD }));
    let Seen::Removed(gone) = rig.fake.sees().await else { panic!("it stays") };
    assert_eq!(answer["id"], gone["id"]);
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn an_answer_that_somebody_replied_to_stays_when_its_paste_goes() {
    let rig = Rig::start().await;
    let paste = rig.pastes(SCOPES);
    let answer = rig.says().await;
    let reference = json!({ "type": 0, "message_id": answer["id"] });
    rig.fake.writes("bob", GENERAL, json!({ "content": "thanks", "type": 19, "message_reference": reference }));
    rig.fake.dispatch("MESSAGE_DELETE", json!({ "id": paste["id"], "channel_id": GENERAL, "guild_id": GUILD }));
    rig.settles().await;
    rig.fake.end();
}

#[tokio::test]
async fn rights_come_with_the_member() {
    let rig = Rig::start().await;
    let refused = rig.command("forget", &[("whom", "team")]).await;
    assert!(page(&refused["data"]).contains("Only an admin can do this."), "{refused}");
    let mut asked = command("forget", &[("whom", "team")]);
    asked["member"] = json!({ "user": user("root"), "permissions": "32" });
    let sure = rig.fake.interacts(asked).await;
    assert!(page(&sure["data"]).contains("/npmfix forget team yes"), "{sure}");
    rig.fake.end();
}
