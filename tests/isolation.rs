//! Two teams in one database, with channels, messages and people of the same names: neither sees or changes anything of the
//! other. The outbox worker's own functions are not walked; they serve a platform.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/engines.rs"]
mod engines;
#[path = "support/tables.rs"]
mod tables;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs,
    path::Path,
};

use engines::each_engine;
use jiff::Timestamp;
use npmfix::{
    bot::{
        Bot, Heard, Limits,
        choices::{Chosen, Click},
        commands::{Asked, Audience},
    },
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Rights, Speaker, TeamId, UserId, Visibility,
    },
    redact::Tally,
    store::{
        Store, channels,
        chores::{self, What},
        digests::{self, Fate, NewDigest, Scope, Setting, Switch},
        discord, drafts,
        findings::{self, DayCounts, DayKey, NewHeard},
        fixes::{self, Breadth, FixKey, FixText, FixWanted, Imported, NewFix, View, Writer},
        forget, inbox,
        installs::{self, Install},
        memory, moved, outbox, recurrence, replies,
        seal::{Keys, fresh_key},
        teams,
    },
};
use secrecy::SecretString;

const PASTE: &str = "npm error code E403\nnpm error 403 403 Forbidden - GET https://npm.pkg.github.com/@acme%2fwidget";

fn now() -> Timestamp {
    Timestamp::from_second(1_750_000_000).unwrap()
}

fn ours() -> TeamId {
    TeamId::parse("slack:A").unwrap()
}

fn theirs() -> TeamId {
    TeamId::parse("slack:B").unwrap()
}

fn channel() -> ChannelId {
    ChannelId::parse("C1").unwrap()
}

fn place(team: TeamId) -> MessageRef {
    MessageRef { team, channel: channel(), thread: None, id: MessageId::parse("1.0").unwrap() }
}

fn alice() -> Author {
    let id = UserId::parse("U1").unwrap();
    Author { id, name: "alice".to_owned(), speaker: Speaker::Person, rights: Rights::Admin }
}

/// A team in whose every table something stands. Returns the id of its answer.
async fn settle(bot: &Bot, team: &TeamId) -> String {
    let place = place(team.clone());
    let (visibility, address) = (Visibility::Public, Address::Overheard);
    let message = Message { place, visibility, author: alice(), address, text: PASTE.as_bytes() };
    let Heard::Answered(id) = bot.hear(&message, now()).await.unwrap() else { panic!("no answer") };
    for (number, command) in
        ["save Ask Ops.", "fix 1 edit Ask the Ops team.", "settings admins add U1", "stats", "mention", "digest on utc"]
            .iter()
            .enumerate()
    {
        let (author, channel, event) = (alice(), channel(), format!("event-{number}"));
        let asked = Asked {
            team,
            channel: &channel,
            visibility,
            author: &author,
            event: &event,
            reply: Some(id.as_str()),
            about: None,
            audience: Audience::Asker,
        };
        bot.command(&asked, command, now()).await.unwrap().unwrap();
    }
    assert_eq!(click(bot, team, &id, "not-npm").await, Chosen::Done);
    let mut tx = bot.store().begin().await.unwrap();
    assert!(digests::add(&mut tx, team, digest(&channel(), "a-digest"), now()).await.unwrap());
    let watched = ChannelId::parse("C3").unwrap();
    channels::set_mode(&mut tx, team, &watched, channels::Mode::Auto).await.unwrap();
    moved::opened(&mut tx, team, &watched, now()).await.unwrap();
    assert!(discord::joined(&mut tx, team, now()).await.unwrap());
    tx.commit().await.unwrap();
    id
}

/// The digest of the week in which the other one stands, too.
fn digest<'a>(channel: &'a ChannelId, key: &'a str) -> NewDigest<'a> {
    NewDigest { week: "2025-W25", channel, due: now(), fate: Fate::Said(key) }
}

async fn click(bot: &Bot, team: &TeamId, id: &str, pick: &str) -> Chosen {
    let (author, choice) = (alice(), format!("{id}:{pick}"));
    bot.choose(&Click { team, event: pick, author: &author, choice: &choice }, now()).await.unwrap()
}

/// The rows of one team, all of them and all that is in them.
async fn rows(store: &Store, team: &TeamId) -> BTreeMap<String, Vec<String>> {
    let mut dump = tables::dump(store).await;
    let owner = format!("team={team}");
    for rows in dump.values_mut() {
        rows.retain(|row| row.lines().any(|line| line == owner));
        rows.sort();
    }
    dump.retain(|_, rows| !rows.is_empty());
    dump
}

fn bot(store: &Store) -> Bot {
    Bot::new(load_embedded().unwrap(), store.clone(), Limits::default())
}

fn key() -> FixKey {
    FixKey { family: "E403".to_owned(), breadth: Breadth::Scope, value: "@acme".to_owned() }
}

#[tokio::test]
async fn nothing_of_a_team_is_seen_by_another() {
    each_engine(async |store, _| {
        let bot = bot(&store);
        let id = settle(&bot, &ours()).await;
        // Some of what is read is held.
        let mut conn = store.begin().await.unwrap();
        let fingerprint = replies::get(&mut conn, &ours(), &id).await.unwrap().unwrap().fingerprint;
        // With their eyes, at the same places.
        let (team, channel) = (theirs(), channel());
        let at = HashSet::from([(team.clone(), channel.clone())]);
        let error = (team.clone(), channel.clone(), fingerprint.clone());
        let errors = HashSet::from([error.clone()]);
        let settings = channels::settings(&mut conn, &at).await.unwrap();
        assert_eq!(settings.values().map(|s| s.mode).collect::<Vec<_>>(), [channels::Mode::Auto]);
        assert!(channels::muted(&mut conn, &at, now()).await.unwrap().is_empty());
        assert!(!findings::is_heard(&mut conn, &place(theirs())).await.unwrap());
        assert!(findings::gist(&mut conn, &place(theirs())).await.unwrap().is_none());
        assert!(discord::watched(&mut conn, &team).await.unwrap().is_empty());
        let anew = findings::heard_anew(&mut conn, &place(theirs()), "x").await.unwrap();
        assert_eq!(anew, findings::Anew::Unknown);
        for visibility in [Visibility::Public, Visibility::Private] {
            let wanted = HashMap::from([(error.clone(), visibility)]);
            assert!(memory::seen(&mut conn, &wanted).await.unwrap().is_empty());
            assert!(memory::known(&mut conn, &team, &channel, visibility, &fingerprint).await.unwrap().is_none());
        }
        assert!(memory::history(&mut conn, &team, &channel, 10).await.unwrap().is_empty());
        let epoch = Timestamp::UNIX_EPOCH;
        assert_eq!(memory::totals(&mut conn, &team, &channel, epoch).await.unwrap(), memory::Totals::default());
        assert!(replies::latest(&mut conn, &errors, epoch).await.unwrap().is_empty());
        assert!(replies::answered(&mut conn, &at, epoch).await.unwrap().is_empty());
        assert!(replies::get(&mut conn, &team, &id).await.unwrap().is_none());
        assert!(replies::peek(&mut conn, &team, &id).await.unwrap().is_none());
        assert!(replies::peek_all(&mut conn, &[(&team, id.as_str())]).await.unwrap().is_empty());
        assert!(replies::of_message(&mut conn, &place(theirs())).await.unwrap().is_none());
        assert!(replies::last_under(&mut conn, &place(theirs())).await.unwrap().is_none());
        assert!(replies::answer_to(&mut conn, &place(theirs())).await.unwrap().is_none());
        assert!(replies::last_in(&mut conn, &team, &channel).await.unwrap().is_none());
        assert_eq!(teams::settings(&mut conn, &team).await.unwrap(), teams::Settings::default());
        assert!(teams::settings_of(&mut conn, &BTreeSet::from([&team])).await.unwrap().is_empty());
        for view in [View::Everything, View::From(&channel)] {
            assert!(fixes::get(&mut conn, &team, 1, view).await.unwrap().is_none());
            assert!(fixes::history(&mut conn, &team, 1, view).await.unwrap().is_empty());
            assert!(fixes::search(&mut conn, &team, "", view, 10).await.unwrap().is_empty());
        }
        let wanted = (team.clone(), FixWanted { channel: channel.clone(), keys: vec![key()] });
        assert_eq!(fixes::matching(&mut conn, &[wanted]).await.unwrap(), [vec![]]);
        assert!(fixes::export(&mut conn, &team).await.unwrap().is_empty());
        let digest = (What::Digest, "");
        assert!(digests::setting(&mut conn, &team).await.unwrap().is_none());
        assert!(digests::last_week(&mut conn, &team).await.unwrap().is_none());
        assert!(chores::planned(&mut conn, &team, digest).await.unwrap().is_none());
        let scope = Scope { team: &team, channel: &channel, first: 0, end: 100_000 };
        assert!(digests::errors(&mut conn, scope).await.unwrap().is_empty());
        let met = (fingerprint.as_str(), &BTreeSet::from([channel.to_string()]));
        assert!(digests::latest(&mut conn, scope, &[met]).await.unwrap().is_empty());
        assert_eq!(digests::totals(&mut conn, scope, 14).await.unwrap(), digests::Totals::default());
        assert!(digests::helpful(&mut conn, scope, 9).await.unwrap().is_empty());
        assert!(digests::refusal(&mut conn, &team).await.unwrap().is_none());
        assert!(recurrence::standing(&mut conn, &team, &fingerprint, now()).await.unwrap().is_none());
        assert!(!replies::has_feedback(&mut conn, &team, &id).await.unwrap());
        assert!(fixes::author_to_ask(&mut conn, &team, 1, 0).await.unwrap().is_none());
        // The same person is another one there.
        assert_ne!(store.who(&ours(), &alice().id), store.who(&theirs(), &alice().id));
        drop(conn);
        assert!(matches!(click(&bot, &theirs(), &id, "fixed").await, Chosen::Said(_)));
        assert!(bot.last_answer(&theirs(), &channel).await.unwrap().is_none());
    })
    .await;
}

#[expect(clippy::too_many_lines, reason = "each function of the store has its line")]
#[tokio::test]
async fn nothing_of_a_team_is_changed_by_another() {
    each_engine(async |store, _| {
        let id = settle(&bot(&store), &ours()).await;
        let keys = Keys::parse(&SecretString::from(fresh_key())).unwrap();
        let token = SecretString::from(["xoxb", "1"].join("-"));
        let install = Install {
            team: ours(),
            enterprise: None,
            name: None,
            url: None,
            app: None,
            bot_user: "U9".to_owned(),
            bot_id: None,
            scopes: BTreeSet::new(),
            installer: None,
            token: token.clone(),
            refresh: None,
            expires_at: None,
            installed_at: now(),
        };
        let mut tx = store.begin().await.unwrap();
        installs::put(&mut tx, &keys, &install).await.unwrap();
        tx.commit().await.unwrap();
        let before = rows(&store, &ours()).await;
        assert_eq!(before.len(), 22, "every table: {:?}", before.keys());
        let mut tx = store.begin().await.unwrap();
        let mut given = replies::get(&mut tx, &ours(), &id).await.unwrap().unwrap();
        let waiting = outbox::list(&mut tx, 10).await.unwrap();
        given.place.team = theirs();
        given.outcome = Some(replies::Outcome::Fixed);
        let (team, channel, place) = (theirs(), channel(), place(theirs()));
        let (ours_who, who) = (store.who(&ours(), &alice().id), store.who(&team, &alice().id));
        channels::set_mode(&mut tx, &team, &channel, channels::Mode::Off).await.unwrap();
        channels::mute(&mut tx, &team, &channel, Some(now())).await.unwrap();
        channels::set_bots(&mut tx, &team, &channel, Some(now())).await.unwrap();
        assert!(!channels::unmute_error(&mut tx, &team, &channel, &given.fingerprint).await.unwrap());
        channels::mute_error(&mut tx, &team, &channel, &given.fingerprint, now()).await.unwrap();
        findings::heard_anew(&mut tx, &place, "x").await.unwrap();
        findings::deleted(&mut tx, &place, now()).await.unwrap();
        findings::unhear(&mut tx, &place).await.unwrap();
        let (gist, visibility) = (String::new(), Visibility::Public);
        let heard = NewHeard { place: place.clone(), visibility, who: who.clone(), gist, at: now() };
        assert_eq!(findings::hear(&mut tx, &[&heard]).await.unwrap(), [true]);
        let diagnosis = given.diagnoses.first().unwrap();
        let kept = findings::to_json(diagnosis);
        let new = findings::NewOccurrence { heard: &heard, ordinal: 0, diagnosis, kept: &kept };
        findings::insert(&mut tx, &[new]).await.unwrap();
        findings::count_failures(&mut tx, &[new]).await.unwrap();
        replies::lead_to(&mut tx, &[(&place, &given.fingerprint, "another")]).await.unwrap();
        let counts = DayCounts { seen: 5, ..DayCounts::default() };
        let days = BTreeMap::from([(DayKey::of(&place, now()), (visibility, counts))]);
        findings::count(&mut tx, &days).await.unwrap();
        let text = FixText::write("mine", &mut Tally::default()).unwrap();
        let by = Writer { name: "eve", who: &who };
        assert!(!fixes::edit(&mut tx, &team, 1, &text, by, now()).await.unwrap());
        assert!(!fixes::delete(&mut tx, &team, 1).await.unwrap());
        assert!(!fixes::helped(&mut tx, &team, 1, now()).await.unwrap());
        assert!(!fixes::failed(&mut tx, &team, 1).await.unwrap());
        fixes::used(&mut tx, &[(theirs(), 1)]).await.unwrap();
        let new = NewFix { key: &key(), cause: None, text: &text, author: by, channel: None };
        assert_eq!(fixes::save(&mut tx, &team, &new, now()).await.unwrap(), 1);
        let exported = Imported {
            id: Some(1),
            key: key(),
            cause: None,
            text: text.clone(),
            author: String::new(),
            channel: None,
            saved_at: None,
            edited_at: None,
        };
        assert_eq!(fixes::import(&mut tx, &team, &exported, by, now()).await.unwrap(), fixes::Outcome::Same(1));
        assert!(inbox::take(&mut tx, &team, "event-0", now()).await.unwrap());
        assert!(!inbox::take(&mut tx, &ours(), "event-0", now()).await.unwrap());
        let (state, kind) = (replies::State::default(), replies::Kind::Answer);
        let fingerprint = given.fingerprint.clone();
        let reply = replies::NewReply { id: "b".to_owned(), kind, place, fingerprint, state, at: now() };
        replies::add(&mut tx, &[reply]).await.unwrap();
        replies::update(&mut tx, &given).await.unwrap();
        let feedback = replies::Feedback { who: &who, kind: "fixed", cause: None, fix: Some(1) };
        assert!(replies::feedback(&mut tx, &given, feedback, now()).await.unwrap());
        drafts::put(&mut tx, &team, "c", "{}", now()).await.unwrap();
        let draft = rows(&store, &ours()).await.remove("draft").unwrap();
        let draft = draft.first().unwrap().lines().find_map(|line| line.strip_prefix("id=")).unwrap().to_owned();
        assert!(drafts::take(&mut tx, &team, &draft).await.unwrap().is_none());
        let (reply, body, lane) = (Some(id.clone()), "{}".to_owned(), "C1".to_owned());
        let row =
            outbox::NewRow { team: theirs(), lane, key: outbox::post_key(), kind: outbox::Kind::Edit, reply, body };
        outbox::put(&mut tx, std::slice::from_ref(&row), now()).await.unwrap();
        outbox::put_due(&mut tx, &[row], now(), now()).await.unwrap();
        let key = &waiting.first().unwrap().key;
        assert!(!outbox::withdraw(&mut tx, &team, "C1", &id).await.unwrap());
        assert!(!outbox::echoed(&mut tx, &team, key, "answer").await.unwrap());
        assert!(outbox::take_back(&mut tx, &team, "C1", key).await.unwrap());
        assert!(outbox::reply_of(&mut tx, &team, key).await.unwrap().is_none());
        fixes::reachable(&mut tx, &team, 1, &alice().id).await.unwrap();
        recurrence::resolve(&mut tx, &team, &given.fingerprint, now()).await.unwrap();
        digests::count_helped(&mut tx, &given.place, Visibility::Public, now()).await.unwrap();
        let planned = (What::Digest, "2025-W25");
        assert!(!chores::cancel(&mut tx, &team, planned).await.unwrap());
        chores::plan(&mut tx, &team, planned, now(), now()).await.unwrap();
        chores::plan_all(&mut tx, planned.0, &BTreeMap::from([((&team, planned.1), now())]), now()).await.unwrap();
        for on in [true, false] {
            let due = chores::due(&mut tx, What::Digest, 9, now()).await.unwrap();
            let chore = due.iter().find(|chore| chore.team == team).unwrap();
            chores::put_off(&mut tx, chore, "later", now()).await.unwrap();
            let taken = if on {
                chores::go_on(&mut tx, chore, ("2025-W26", now()), now()).await
            } else {
                chores::take(&mut tx, chore).await
            };
            assert!(taken.unwrap());
        }
        let (zone, switch) = ("UTC".to_owned(), Switch::Off);
        let setting =
            Setting { channel: channel.clone(), weekday: 1, minute: 0, zone, switch, set_by: Some(alice().id) };
        digests::set(&mut tx, &team, &setting, now()).await.unwrap();
        assert!(digests::add(&mut tx, &team, digest(&channel, key), now()).await.unwrap());
        digests::sent(&mut tx, &team, key, now()).await.unwrap();
        digests::give_up(&mut tx, &team, None, now()).await.unwrap();
        assert!(digests::held(&mut tx, &team).await.unwrap().is_some());
        assert!(!digests::refused(&mut tx, &ours(), ("digest to C9", "gone"), now()).await.unwrap());
        digests::refused(&mut tx, &team, ("digest to C1", "gone"), now()).await.unwrap();
        assert!(!digests::is_of_a_week(&mut tx, &ours(), "another").await.unwrap());
        teams::set(&mut tx, &team, &teams::Settings::default(), now()).await.unwrap();
        let renumbered = ChannelId::parse("C2").unwrap();
        assert!(!moved::is_open(&mut tx, &team, &renumbered).await.unwrap());
        moved::opened(&mut tx, &team, &channel, now()).await.unwrap();
        moved::closed(&mut tx, &team, &channel).await.unwrap();
        moved::channel(&mut tx, &team, &channel, &renumbered).await.unwrap();
        assert!(discord::joined(&mut tx, &team, now()).await.unwrap());
        discord::left(&mut tx, &team, now()).await.unwrap();
        forget::person(&mut tx, &team, &alice().id, &ours_who).await.unwrap();
        assert!(installs::get(&mut tx, &keys, &team).await.unwrap().is_none());
        assert!(!installs::gone(&mut tx, &keys, &team, &token, now()).await.unwrap());
        assert!(!installs::erase_gone(&mut tx, &team, Timestamp::MAX).await.unwrap());
        forget::install_too(&mut tx, &team).await.unwrap();
        forget::team(&mut tx, &team).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(rows(&store, &ours()).await, before);
        assert!(rows(&store, &theirs()).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn forgetting_one_team_leaves_the_other_as_it_was() {
    each_engine(async |store, _| {
        let bot = bot(&store);
        settle(&bot, &ours()).await;
        settle(&bot, &theirs()).await;
        let before = rows(&store, &theirs()).await;
        assert_eq!(before.len(), 21, "every table: {:?}", before.keys());
        let mut tx = store.begin().await.unwrap();
        forget::person(&mut tx, &ours(), &alice().id, &store.who(&ours(), &alice().id)).await.unwrap();
        forget::team(&mut tx, &ours()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(rows(&store, &ours()).await.is_empty());
        assert_eq!(rows(&store, &theirs()).await, before);
    })
    .await;
}

/// Functions that serve a platform or whoever runs the database, whatever the team.
const OF_THE_WORKER: &str = "commands guilds hold_connections hold_terminal keep left_before look lost shard told answers claim close end given_back gone_before give_up later list next_due open parked prune read begin commit renew renew_seals retry \
                             sent take_over teams unclear unpark unpark_all";

#[test]
fn no_public_function_of_the_store_is_left_out() {
    let walked = include_str!("isolation.rs");
    let mut names = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let room = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let source = fs::read_to_string(&path).unwrap();
            let functions = source.lines().filter_map(|line| line.trim_start().strip_prefix("pub async fn "));
            names.extend(functions.map(|rest| (room.clone(), rest.split('(').next().unwrap().to_owned())));
        }
    }
    assert!(names.len() > 40, "{names:?}");
    let called = |name: &str| walked.contains(&format!("::{name}(&mut "));
    let missing: Vec<_> =
        names.iter().filter(|(_, name)| !called(name) && !OF_THE_WORKER.split(' ').any(|n| n == name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
