//! What people ask for in Slack: commands, clicks, shortcuts, windows and the App Home.

use npmfix::store::digests;
use serde_json::{Value, json};

use crate::{
    fake::{Fault, TEAM, limits, page, text_of},
    office::{Office, PASTE, button, filled, team},
};

pub const GENERAL: &str = "C0GENERAL";

pub fn shown(body: &Value) -> String {
    page::page(&body["blocks"])
}

#[tokio::test]
async fn a_command_is_answered_to_whoever_gave_it() {
    let office = Office::open().await;
    let answer = office.commands(GENERAL, "U0ALICE", &format!("explain {PASTE}")).await;
    assert_eq!(answer["response_type"], "ephemeral");
    assert_eq!(limits::message(&answer), Vec::<String>::new());
    assert!(shown(&answer).contains("The GitHub token lacks a packages scope"), "{answer:#}");
    let share = button(&answer["blocks"], "Share to channel");
    let payload = office.fake.clicked(GENERAL, "U0ALICE", &json!({}), &share);
    office.interacts(&payload).await;
    assert!(shown(&office.fake.next_of("response_url").await.body).contains("Shared."));
    office.settle().await;
    let shared = office.fake.next_of("chat.postMessage").await;
    assert!(shown(&shared.body).contains("Shared by alice."), "{:#}", shared.body);
    assert_eq!(shared.body.get("thread_ts"), None);
    office.fake.done();
}

/// Alice asks for an explanation in a channel; her choice to share it.
pub async fn sharable(office: &Office, channel: &str) -> Value {
    let answer = office.commands(channel, "U0ALICE", &format!("explain {PASTE}")).await;
    button(&answer["blocks"], "Share to channel")
}

/// She chooses it; what she is told.
pub async fn shares(office: &Office, channel: &str, share: &Value) -> String {
    office.interacts(&office.fake.clicked_alone(channel, "U0ALICE", share)).await;
    let told = shown(&office.fake.next_of("response_url").await.body);
    office.settle().await;
    told
}

#[tokio::test]
async fn whoever_shares_where_the_bot_is_no_member_is_told_to_invite_it() {
    let office = Office::open().await;
    for (id, private) in [("C0OUTSIDE", false), ("C0SECRET", true)] {
        {
            let mut state = office.fake.state();
            let channel = state.channel(id, id);
            (channel.has_bot, channel.is_private) = (false, private);
        }
        let share = sharable(&office, id).await;
        let told = shares(&office, id, &share).await;
        assert!(told.contains("/invite @npmfix"), "{told}");
        office.fake.state().channels.get_mut(id).unwrap().has_bot = true;
        let told = shares(&office, id, &share).await;
        assert!(told.contains("Shared."), "{told}");
        assert_eq!(text_of(&office.fake.next_of("chat.postMessage").await.body, "channel"), id);
    }
    office.fake.done();
}

#[tokio::test]
async fn nothing_is_shared_where_slack_does_not_tell_who_would_read_it() {
    let office = Office::open().await;
    let share = sharable(&office, GENERAL).await;
    office.fake.fault("conversations.info", Fault::Status(500));
    let told = shares(&office, GENERAL, &share).await;
    assert!(told.contains("Slack did not tell me who reads this channel"), "{told}");
    assert!(shares(&office, GENERAL, &share).await.contains("Shared."));
    office.fake.next_of("chat.postMessage").await;
    // Where it never would, nothing is offered.
    office.fake.state().channel("D0ALICE", "");
    let direct = office.commands("D0ALICE", "U0ALICE", &format!("explain {PASTE}")).await;
    assert!(!direct.to_string().contains("Share to channel"), "{direct:#}");
    let office = Office::open().await;
    office.fake.without_scopes(&["channels:read", "groups:read"]);
    office.slack.workspaces.ask().await.unwrap();
    let minimal = office.commands(GENERAL, "U0ALICE", &format!("explain {PASTE}")).await;
    assert!(!minimal.to_string().contains("Share to channel"), "{minimal:#}");
    office.fake.done();
}

#[tokio::test]
async fn whoever_shares_where_the_app_may_not_look_is_told_which_scope_is_missing() {
    let office = Office::open().await;
    office.fake.without_scopes(&["groups:read"]);
    office.slack.workspaces.ask().await.unwrap();
    let share = sharable(&office, GENERAL).await;
    office.fake.fault("conversations.info", Fault::Error("missing_scope"));
    let told = shares(&office, GENERAL, &share).await;
    assert!(told.contains("It takes the scope `groups:read`: whoever manages this app adds it"), "{told}");
    // It is there now.
    assert!(shares(&office, GENERAL, &share).await.contains("Shared."));
    office.fake.next_of("chat.postMessage").await;
    office.fake.done();
}

#[tokio::test]
async fn a_window_waits_for_no_other_question() {
    let office = Office::open().await;
    let answer = office.pastes(GENERAL, PASTE).await;
    let before = office.fake.state().calls.len();
    office.clicks(GENERAL, "U0ALICE", &answer, "Save our fix").await;
    let paste = text_of(&answer, "thread_ts");
    office.interacts(&office.fake.message_shortcut("save_message", GENERAL, "U0ALICE", paste)).await;
    for command in ["save", "explain"] {
        office.commands(GENERAL, "U0ALICE", command).await;
    }
    let calls: Vec<String> = office.fake.state().calls.iter().skip(before).map(|call| call.method.clone()).collect();
    assert_eq!(calls, ["views.open"; 4]);
}

#[tokio::test]
async fn whatever_slack_keeps_to_itself_everything_is_answered_in_three_seconds() {
    let office = Office::open().await;
    for method in ["users.info", "conversations.info", "conversations.info"] {
        office.fake.fault(method, Fault::Hang);
    }
    let begun = std::time::Instant::now();
    let answer = office.commands(GENERAL, "U0ROOT", "digest on monday <#C0DEV|dev>").await;
    assert!(begun.elapsed().as_secs() < 3);
    assert!(shown(&answer).contains("channel"), "{answer:#}");
    let answer = office.pastes(GENERAL, PASTE).await;
    office.fake.fault("views.open", Fault::Hang);
    let begun = std::time::Instant::now();
    office.clicks(GENERAL, "U0ALICE", &answer, "Save our fix").await;
    assert!(begun.elapsed().as_secs() < 3);
    assert!(shown(&office.fake.next_of("response_url").await.body).contains("did not open the window in time"));
    office.fake.done();
}

#[tokio::test]
async fn links_that_slack_made_of_a_command_are_read_as_they_were_typed() {
    let office = Office::open().await;
    let linked = "explain npm error code E401 npm error 401 Unauthorized - GET <https://npm.pkg.github.com/@acme%2fwidget> - &lt;x&gt;";
    let answer = office.commands(GENERAL, "U0ALICE", linked).await;
    assert!(shown(&answer).contains("GET https://npm.pkg.github.com/@acme%2fwidget - <x>"), "{}", shown(&answer));
}

#[tokio::test]
async fn the_same_command_twice_is_carried_out_once() {
    let office = Office::open().await;
    let form = npmfix::slack::wire::Command::of_json(&office.fake.slash(GENERAL, "U0ALICE", "mute 2h"));
    assert!(office.slack.command(&form).await.unwrap().get("blocks").is_some());
    assert_eq!(office.slack.command(&form).await.unwrap(), json!({}));
}

#[tokio::test]
async fn only_admins_set_what_admins_set() {
    let office = Office::open().await;
    let command = "settings admins add <@U0ALICE|alice>";
    let refused = office.commands(GENERAL, "U0ALICE", command).await;
    assert!(shown(&refused).contains("Only an admin"), "{refused:#}");
    let done = office.commands(GENERAL, "U0ROOT", command).await;
    assert!(shown(&done).contains("changed"), "{done:#}");
    let now_may = office.commands(GENERAL, "U0ALICE", "settings admins remove <@U0ALICE|alice>").await;
    assert!(shown(&now_may).contains("changed"), "{now_may:#}");
}

#[tokio::test]
async fn a_fix_is_written_into_a_window_and_leads_the_next_answer() {
    let office = Office::open().await;
    let answer = office.pastes(GENERAL, PASTE).await;
    office.clicks(GENERAL, "U0ALICE", &answer, "Save our fix").await;
    let window = office.window().await;
    assert!(page::page(&window["blocks"]).contains("The whole team sees it"), "{window:#}");
    let options = window["blocks"].as_array().unwrap().iter().find_map(|b| b["element"]["options"].as_array()).unwrap();
    let texts: Vec<&str> = options.iter().map(|option| text_of(&option["text"], "text")).collect();
    assert_eq!(texts, ["Only the package @acme/widget", "Every package of @acme", "Everything on npm.pkg.github.com"]);

    let empty = office.fake.submitted("U0ALICE", &window, &filled("  ", &options[1]));
    let errors = office.interacts(&empty).await.unwrap();
    assert_eq!(errors, json!({ "response_action": "errors", "errors": { "text": "Write what fixed it." } }));

    let sent = office.fake.submitted("U0ALICE", &window, &filled("Ask `#platform` for <the> token", &options[1]));
    let saved = office.interacts(&sent).await.unwrap();
    assert_eq!(saved["response_action"], "update");
    assert_eq!(limits::view(&saved["view"]), Vec::<String>::new());
    assert!(shown(&saved["view"]).contains("Saved as fix 1"), "{saved:#}");
    assert_eq!(office.interacts(&sent).await, None, "the same window twice");

    office.seconds_pass(7200);
    let answer = office.pastes(GENERAL, PASTE).await;
    assert!(shown(&answer).contains("  | Ask `#platform` for <the> token"), "{}", shown(&answer));
    office.fake.done();
}

#[tokio::test]
async fn a_private_channels_fix_says_where_it_is_shown_and_stays_there() {
    let office = Office::open().await;
    office.fake.state().channel("C0SECRET", "secret").is_private = true;
    let answer = office.pastes("C0SECRET", PASTE).await;
    office.clicks("C0SECRET", "U0ALICE", &answer, "Save our fix").await;
    let mut window = office.window().await;
    assert!(page::page(&window["blocks"]).contains("shown only here, unless"), "{window:#}");
    // Whatever the form says, the fix is the private channel's.
    let memo = text_of(&window, "private_metadata").replace("C0SECRET", GENERAL);
    assert!(memo.len() < 300 && memo.contains(GENERAL), "{memo}");
    window["private_metadata"] = json!(memo);
    let option = json!({ "value": "registry" });
    office.interacts(&office.fake.submitted("U0ALICE", &window, &filled("Only for us", &option))).await.unwrap();
    let elsewhere = office.commands(GENERAL, "U0ALICE", "fixes").await;
    assert!(!elsewhere.to_string().contains("Only for us"), "{elsewhere:#}");
    let there = office.commands("C0SECRET", "U0ALICE", "fixes").await;
    assert!(shown(&there).contains("Only for us"), "{there:#}");
}

#[tokio::test]
async fn a_fix_saved_before_people_of_other_organisations_says_who_finds_it() {
    let office = Office::open().await;
    office.fake.state().channel("C0PARTNERS", "partners").is_ext_shared = true;
    let answer = office.pastes("C0PARTNERS", PASTE).await;
    office.clicks("C0PARTNERS", "U0ALICE", &answer, "Save our fix").await;
    let window = office.window().await;
    assert!(page::page(&window["blocks"]).contains("the fix stands in no answer here"), "{window:#}");
    let kinds: Vec<&str> =
        window["blocks"].as_array().unwrap().iter().map(|b| text_of(&b["element"], "type")).collect();
    assert!(!kinds.contains(&"radio_buttons") && !kinds.contains(&"checkboxes"), "{window:#}");
    let text = json!({ "text": { "text": { "type": "plain_text_input", "value": "Ask for the bot's token" } } });
    office.interacts(&office.fake.submitted("U0ALICE", &window, &text)).await.unwrap();
    office.seconds_pass(7200);
    let again = office.pastes("C0PARTNERS", PASTE).await;
    assert!(!again.to_string().contains("Ask for the bot"), "{again:#}");
    let asked = office.commands("C0PARTNERS", "U0ALICE", "fixes").await;
    assert!(shown(&asked).contains("Ask for the bot's token"), "{asked:#}");
    let elsewhere = office.commands(GENERAL, "U0ALICE", "fixes").await;
    assert!(!elsewhere.to_string().contains("Ask for the bot"), "{elsewhere:#}");
}

#[tokio::test]
async fn a_private_channels_fix_is_the_whole_teams_when_its_author_ticks_that() {
    let office = Office::open().await;
    office.fake.state().channel("C0SECRET", "secret").is_private = true;
    let answer = office.pastes("C0SECRET", PASTE).await;
    office.clicks("C0SECRET", "U0ALICE", &answer, "Save our fix").await;
    let window = office.window().await;
    let mut filled = filled("Ask for the bot's token", &json!({ "value": "registry" }));
    filled["team"] = json!({ "team": { "type": "checkboxes", "selected_options": [{ "value": "team" }] } });
    office.interacts(&office.fake.submitted("U0ALICE", &window, &filled)).await.unwrap();
    let elsewhere = office.commands(GENERAL, "U0ALICE", "fixes").await;
    assert!(shown(&elsewhere).contains("Ask for the bot's token"), "{elsewhere:#}");
}

#[tokio::test]
async fn a_message_is_explained_where_no_command_can_be_given() {
    let office = Office::open().await;
    let root = office.fake.written(GENERAL, "U0ALICE", "the build is red", None);
    let root = text_of(&root, "ts");
    let reply = office.fake.written(GENERAL, "U0ALICE", PASTE, Some(root));
    let payload = office.fake.message_shortcut("explain_message", GENERAL, "U0ALICE", text_of(&reply, "ts"));
    assert_eq!(office.interacts(&payload).await, None);
    let answer = office.fake.next_of("response_url").await.body;
    assert_eq!((answer["response_type"].as_str(), answer["thread_ts"].as_str()), (Some("ephemeral"), Some(root)));
    assert!(shown(&answer).contains("The GitHub token lacks a packages scope"), "{answer:#}");
    let nothing = office.fake.written(GENERAL, "U0ALICE", "lunch?", None);
    office
        .interacts(&office.fake.message_shortcut("explain_message", GENERAL, "U0ALICE", text_of(&nothing, "ts")))
        .await;
    assert!(shown(&office.fake.next_of("response_url").await.body).contains("I find no npm"));
    office.fake.done();
}

#[tokio::test]
async fn what_stands_in_a_snippet_is_explained_and_saved_as_well() {
    let office = Office::open().await;
    office.pastes(GENERAL, PASTE).await;
    let paste = office.fake.state().channels[GENERAL].messages.keys().next().unwrap().clone();
    let snippet = |text: &str| {
        let said = office.fake.written(GENERAL, "U0ALICE", "see here", Some(&paste));
        let file = office.fake.upload_text("log.txt", text.as_bytes());
        let ts = text_of(&said, "ts").to_owned();
        let mut state = office.fake.state();
        state.channels.get_mut(GENERAL).unwrap().messages.get_mut(&ts).unwrap()["files"] = json!([file]);
        ts
    };
    let log = snippet("npm error code E401\nnpm error 401 Unauthorized - GET https://npm.acme.example/x");
    office.interacts(&office.fake.message_shortcut("explain_message", GENERAL, "U0ALICE", &log)).await;
    let answer = office.fake.next_of("response_url").await.body;
    assert!(shown(&answer).contains("npm.acme.example"), "{answer:#}");
    let fix = snippet("Run `gh auth refresh -s read:packages`");
    office.interacts(&office.fake.message_shortcut("save_message", GENERAL, "U0ALICE", &fix)).await;
    let window = office.window().await;
    let text = window["blocks"].as_array().unwrap().iter().find_map(|b| b["element"]["initial_value"].as_str());
    assert!(text.is_some_and(|text| text.contains("gh auth refresh -s read:packages")), "{window:#}");
    office.fake.done();
}

#[tokio::test]
async fn a_digest_goes_to_the_channel_that_is_named_in_the_zone_of_whoever_asks() {
    let office = Office::open().await;
    office.fake.state().channel("C0DEV", "dev");
    let answer = office.commands(GENERAL, "U0ROOT", "digest on <#C0DEV|dev>").await;
    let text = shown(&answer);
    assert!(text.contains("to <#C0DEV> every Monday at 09:00, Europe/Berlin time"), "{text}");
    let mut conn = office.slack.bot.store().read().await.unwrap();
    let set = digests::setting(&mut conn, &team()).await.unwrap().unwrap();
    assert_eq!((set.channel.as_str(), set.zone.as_str()), ("C0DEV", "Europe/Berlin"));
}

#[tokio::test]
async fn where_slack_does_not_tell_the_time_zone_it_is_asked_for() {
    let office = Office::open().await;
    office.fake.without_scopes(&["users:read"]);
    let answer = office.commands(GENERAL, "U0ALICE", "digest on").await;
    assert!(shown(&answer).contains("In which time zone?"), "{answer:#}");
    let answer = office.commands(GENERAL, "U0ALICE", "digest on europe/berlin").await;
    assert!(shown(&answer).contains("every Monday at 09:00, Europe/Berlin time"), "{answer:#}");
}

#[tokio::test]
async fn the_app_home_says_why_a_digest_does_not_come() {
    let office = Office::open().await;
    office.fake.state().channel("C0DEV", "dev");
    office.commands(GENERAL, "U0ROOT", "digest on utc <#C0DEV|dev>").await;
    office.pastes(GENERAL, PASTE).await;
    office.fake.state().channels.get_mut("C0DEV").unwrap().is_archived = true;
    office.seconds_pass(9 * 24 * 3600);
    office.settle().await;
    let posts = office.fake.calls("chat.postMessage");
    let told = posts.iter().find(|call| call.body["channel"] == "U0ROOT").unwrap();
    let text = page::page(&told.body["blocks"]);
    assert!(text.contains("could not be posted in <#C0DEV> since") && text.contains(": is_archived."), "{text}");
    let home = opened(&office).await;
    let page = shown(&home);
    assert!(page.contains("could not be posted in <#C0DEV> since") && page.contains(": is_archived."), "{page}");
}

#[tokio::test]
async fn a_message_is_saved_as_the_fix_of_its_threads_answer() {
    let office = Office::open().await;
    office.pastes(GENERAL, PASTE).await;
    let paste = office.fake.state().channels[GENERAL].messages.keys().next().unwrap().clone();
    office.seconds_pass(7200);
    office.pastes(GENERAL, "npm error code E401\nnpm error 401 Unauthorized - GET https://npm.acme.example/x").await;
    let told = office.fake.written(GENERAL, "U0ROOT", "Run `gh auth refresh -s read:packages`", Some(&paste));
    office.interacts(&office.fake.message_shortcut("save_message", GENERAL, "U0ALICE", text_of(&told, "ts"))).await;
    let window = office.window().await;
    let text = window["blocks"].as_array().unwrap().iter().find_map(|b| b["element"]["initial_value"].as_str());
    assert!(text.is_some_and(|text| text.contains("gh auth refresh -s read:packages")), "{window:#}");
    assert!(page::page(&window["blocks"]).contains("For E403"), "{window:#}");
    office.fake.done();
}

#[tokio::test]
async fn a_paste_goes_into_a_window_from_anywhere() {
    let office = Office::open().await;
    office.interacts(&office.fake.shortcut("explain_paste", "U0ALICE")).await;
    let window = office.window().await;
    let values = json!({ "text": { "text": { "type": "plain_text_input", "value": PASTE } } });
    let answer = office.interacts(&office.fake.submitted("U0ALICE", &window, &values)).await.unwrap();
    assert_eq!(limits::view(&answer["view"]), Vec::<String>::new());
    assert!(shown(&answer["view"]).contains("The GitHub token lacks a packages scope"), "{answer:#}");
    for command in ["explain", " Explain "] {
        assert_eq!(office.commands(GENERAL, "U0ALICE", command).await, json!({}));
        assert_eq!(office.window().await["callback_id"], "explain_text");
    }
    office.fake.done();
}

#[tokio::test]
async fn a_window_that_does_not_open_is_said_in_plain_words() {
    let office = Office::open().await;
    let answer = office.pastes(GENERAL, PASTE).await;
    for fault in [Fault::Status(500), Fault::Error("expired_trigger_id"), Fault::Drop] {
        office.fake.fault("views.open", fault);
        office.clicks(GENERAL, "U0ALICE", &answer, "Save our fix").await;
        let said = loop {
            let call = office.fake.next().await;
            if call.method == "response_url" {
                break call.body;
            }
        };
        assert!(shown(&said).contains("did not open the window in time"), "{said:#}");
    }
}

/// Alice opens the App Home; what she sees.
async fn opened(office: &Office) -> Value {
    let event = json!({ "type": "app_home_opened", "user": "U0ALICE", "channel": "D0ALICE", "tab": "home" });
    office.slack.event(&office.fake.callback(TEAM, &event)).await.unwrap();
    office.fake.until("the App Home", |state| state.homes.get("U0ALICE").cloned()).await
}

#[tokio::test]
async fn the_app_home_keeps_nobody_waiting_and_waits_for_no_writer() {
    let office = Office::open().await;
    office.fake.fault("views.publish", Fault::Hang);
    let event = json!({ "type": "app_home_opened", "user": "U0ALICE", "channel": "D0ALICE", "tab": "home" });
    office.slack.event(&office.fake.callback(TEAM, &event)).await.unwrap();
    office.fake.until("a call that hangs", |state| state.faults.is_empty().then_some(())).await;
    let writes = office.slack.bot.store().begin().await.unwrap();
    let home = opened(&office).await;
    assert!(shown(&home).contains("Settings"), "{home:#}");
    drop(writes);
}

#[tokio::test]
async fn the_app_home_shows_the_team_what_is_public() {
    let office = Office::open().await;
    office.pastes(GENERAL, PASTE).await;
    office.fake.state().channel("C0SECRET", "secret").is_private = true;
    office
        .pastes("C0SECRET", "npm error code E401\nnpm error 401 Unauthorized - GET https://npm.secret.example/x")
        .await;
    office.commands(GENERAL, "U0ALICE", "save scope Ask for a token").await;
    office.commands(GENERAL, "U0ROOT", "digest on tuesday 10:30").await;
    let home = opened(&office).await;
    let page = shown(&home);
    for due in ["every Tuesday at 10:30, Europe/Berlin time", "to <#C0GENERAL> "] {
        assert!(page.contains(due), "{due}: {page}");
    }
    assert!(page.contains("@acme/widget") && page.contains("Ask for a token"), "{page}");
    assert!(!page.contains("secret.example"), "{page}");
    office.interacts(&office.fake.clicked_in("U0ALICE", &home, &button(&home["blocks"], "Explain an error"))).await;
    while office.fake.next().await.method != "views.open" {}
}

#[tokio::test]
async fn who_reads_a_channel_is_asked_once_and_taken_for_private_where_slack_does_not_tell() {
    let office = Office::open().await;
    office.commands(GENERAL, "U0ALICE", "stats").await;
    office.commands(GENERAL, "U0ALICE", "stats").await;
    assert_eq!(office.fake.calls("conversations.info").len(), 1);
    assert_eq!(office.fake.calls("users.info").len(), 0, "nothing depends on what Alice may do");
    office.commands(GENERAL, "U0ALICE", "forget team").await;
    office.commands(GENERAL, "U0ALICE", "forget team").await;
    assert_eq!(office.fake.calls("users.info").len(), 1);
    office.seconds_pass(600);
    office.commands(GENERAL, "U0ALICE", "stats").await;
    assert_eq!(office.fake.calls("conversations.info").len(), 2, "a channel may have been opened to others since");
    let office = Office::open().await;
    office.pastes(GENERAL, PASTE).await;
    office.fake.fault("conversations.info", Fault::Status(500));
    office.commands(GENERAL, "U0ALICE", "save scope For this channel only").await;
    let home = office.commands("C0ELSEWHERE", "U0ALICE", "fixes").await;
    assert!(!home.to_string().contains("For this channel only"), "{home:#}");
}

#[tokio::test]
async fn odd_interactions_are_passed_over() {
    let office = Office::open().await;
    let good = office.fake.shortcut("explain_paste", "U0ALICE");
    for (pointer, value) in [
        ("/type", json!("function_executed")),
        ("/type", json!(null)),
        ("/team", json!({ "id": "T0NOBODY" })),
        ("/user", json!(null)),
        ("/callback_id", json!(17)),
    ] {
        let mut payload = good.clone();
        if pointer == "/user" || pointer == "/callback_id" {
            payload["type"] = json!("view_submission");
        }
        *payload.pointer_mut(pointer).unwrap() = value;
        assert_eq!(office.interacts(&payload).await, None, "{pointer}");
    }
    for actions in [json!(null), json!([]), json!([{}]), json!([{"value": 3}]), json!([{"value": "no such choice"}])] {
        let mut payload = office.fake.clicked(GENERAL, "U0ALICE", &json!({}), &json!({}));
        payload["actions"] = actions;
        assert_eq!(office.interacts(&payload).await, None);
    }
    assert!(shown(&office.fake.next_of("response_url").await.body).contains("closed"));
    office.fake.done();
}
