//! What people may tell npmfix.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use jiff::{
    SignedDuration,
    civil::{
        Time,
        Weekday::{self, Friday, Monday, Sunday, Wednesday},
    },
};
use npmfix::{
    bot::grammar::{
        COMMANDS, Command, Digest, FixAction, Forget, LINE_LIMIT, Misread, Mode, Problem, RAW_FIX_LIMIT, Saving,
        Sharing, parse,
    },
    message::ChannelId,
    store::fixes::Breadth,
};
use proptest::prelude::*;
use rstest::rstest;

const ERROR: &str = "v1-0123456789abcdef";

fn fix(action: FixAction) -> Command {
    Command::Fix { id: 3, action }
}

fn save(breadth: Option<Breadth>, text: Option<&str>) -> Command {
    Command::Save(Saving { text: text.map(str::to_owned), breadth, sharing: Sharing::Channel })
}

fn save_team_wide(breadth: Option<Breadth>, text: &str) -> Command {
    Command::Save(Saving { text: Some(text.to_owned()), breadth, sharing: Sharing::Team })
}

fn hours(hours: i64) -> Command {
    Command::Mute(Some(SignedDuration::from_hours(hours)))
}

fn on(weekday: Option<Weekday>, time: Option<(i8, i8)>, zone: Option<&str>, channel: Option<&str>) -> Command {
    Command::Digest(Digest::On {
        weekday,
        time: time.map(|(hour, minute)| Time::constant(hour, minute, 0, 0)),
        zone: zone.map(str::to_owned),
        channel: channel.map(|channel| ChannelId::parse(channel).unwrap()),
    })
}

#[rstest]
#[case::nothing("", Command::Help(None))]
#[case::blanks(" \u{a0}\u{200f}\0\n", Command::Help(None))]
#[case::name("@npmfix", Command::Help(None))]
#[case::help("/npmfix help", Command::Help(None))]
#[case::topic("npmfix HELP Mute", Command::Help(Some("mute".into())))]
#[case::explain("@npmfix: explain npm ERR! code E401\nnpm ERR! 401", Command::Explain("npm ERR! code E401\nnpm ERR! 401".into()))]
#[case::save("save", save(None, None))]
#[case::save_text("Save Use the  NEW token\nand log in", save(None, Some("Use the  NEW token\nand log in")))]
#[case::save_scope("save scope Ask in #it", save(Some(Breadth::Scope), Some("Ask in #it")))]
#[case::save_registry("save registry", save(Some(Breadth::Registry), None))]
#[case::save_quoted("save \"scope\" means the @", save(None, Some("\"scope\" means the @")))]
#[case::save_team_wide("save Team-wide ask IT", save_team_wide(None, "ask IT"))]
#[case::save_team_wide_scope("save team-wide scope ask IT", save_team_wide(Some(Breadth::Scope), "ask IT"))]
#[case::save_of_a_team("save Team leads know", save(None, Some("Team leads know")))]
#[case::fixes("fixes", Command::Fixes { search: None })]
#[case::fixes_search("fixes Acme  token", Command::Fixes { search: Some("Acme  token".into()) })]
#[case::fix("fix 3", fix(FixAction::Show))]
#[case::fix_hash("fix #3", fix(FixAction::Show))]
#[case::fix_edit("fix 3 edit Do\nthis", fix(FixAction::Edit(Some("Do\nthis".into()))))]
#[case::fix_form("fix 3 edit", fix(FixAction::Edit(None)))]
#[case::fix_delete("fix 3 delete.", fix(FixAction::Delete))]
#[case::fix_history("fix 3 history", fix(FixAction::History))]
#[case::history("history", Command::History { fingerprint: None })]
#[case::history_of("history V1-0123456789ABCDEF", Command::History { fingerprint: Some(ERROR.into()) })]
#[case::stats("\u{201c}stats\u{201d}", Command::Stats)]
#[case::watch("watch", Command::Mode(Mode::Auto))]
#[case::mention("npmfix\u{a0}mention", Command::Mode(Mode::Mention))]
#[case::off("\u{202e}off\u{202c}", Command::Mode(Mode::Off))]
#[case::mute("mute", Command::Mute(None))]
#[case::mute_hours("mute 2h", hours(2))]
#[case::mute_days("mute 3d", hours(72))]
#[case::mute_spelled("mute 2 weeks", hours(14 * 24))]
#[case::mute_minutes("mute 120min", hours(2))]
#[case::mute_error("mute `v1-0123456789abcdef`", Command::MuteError(ERROR.into()))]
#[case::unmute("unmute", Command::Unmute(None))]
#[case::unmute_error("unmute v1-0123456789abcdef", Command::Unmute(Some(ERROR.into())))]
#[case::bots("bots on", Command::Bots(true))]
#[case::bots_off("bots off", Command::Bots(false))]
#[case::settings("settings", Command::Settings(vec![]))]
#[case::settings_change("settings Keep 90", Command::Settings(vec!["Keep".into(), "90".into()]))]
#[case::forget("forget me", Command::Forget { what: Forget::Me, confirmed: false })]
#[case::forget_yes("forget me yes", Command::Forget { what: Forget::Me, confirmed: true })]
#[case::forget_team("forget team YES!", Command::Forget { what: Forget::Team, confirmed: true })]
#[case::digest("digest", Command::Digest(Digest::Show))]
#[case::digest_on("digest on", on(None, None, None, None))]
#[case::digest_all("digest on Monday 09:00 europe/berlin #dev", on(Some(Monday), Some((9, 0)), Some("Europe/Berlin"), Some("dev")))]
#[case::digest_any_order("digest <#C024BE7LR|dev> at 5:15pm UTC fri", on(Some(Friday), Some((17, 15)), Some("UTC"), Some("C024BE7LR")))]
#[case::digest_sentence("digest every wednesday, at 12am.", on(Some(Wednesday), Some((0, 0)), None, None))]
#[case::digest_half("digest sundays 9.30", on(Some(Sunday), Some((9, 30)), None, None))]
#[case::digest_discord("digest on <#1234567890>", on(None, None, None, Some("1234567890")))]
#[case::digest_off("digest off", Command::Digest(Digest::Off))]
#[case::digest_now("digest now", Command::Digest(Digest::Now))]
#[case::digest_preview("digest preview", Command::Digest(Digest::Preview))]
fn commands(#[case] text: &str, #[case] expected: Command) {
    assert_eq!(parse(text), Ok(expected));
}

#[rstest]
#[case::slip("mtue", "mtue", Some("mute"), Problem::Unknown)]
#[case::slip_long("setings", "setings", Some("settings"), Problem::Unknown)]
#[case::far("xyzzy", "xyzzy", None, Problem::Unknown)]
#[case::punctuation("???", "???", None, Problem::Unknown)]
#[case::topic("help statz", "statz", Some("stats"), Problem::Unknown)]
#[case::explain("explain \u{a0}", "", None, Problem::Missing)]
#[case::fix_missing("fix", "", None, Problem::Missing)]
#[case::fix_word("fix three", "three", None, Problem::Number)]
#[case::fix_zero("fix 0", "0", None, Problem::Number)]
#[case::fix_sign("fix +3", "+3", None, Problem::Number)]
#[case::fix_huge("fix 99999999999999999999", "99999999999999999999", None, Problem::Number)]
#[case::fix_action("fix 3 delte", "delte", Some("delete"), Problem::Choice(&["show", "edit", "delete", "history"]))]
#[case::fix_more("fix 3 delete please", "please", None, Problem::TooMuch)]
#[case::history("history E401", "e401", None, Problem::Fingerprint)]
#[case::mute("mute v1-0123", "v1-0123", None, Problem::Fingerprint)]
#[case::mute_what("mute everything", "everything", None, Problem::Duration)]
#[case::mute_none("mute 0h", "0h", None, Problem::Duration)]
#[case::mute_bare("mute 2", "2", None, Problem::Duration)]
#[case::mute_long("mute 53w", "53w", None, Problem::TooLong)]
#[case::mute_huge("mute 99999999999999999999d", "99999999999999999999d", None, Problem::TooLong)]
#[case::mute_more("mute 2h please", "please", None, Problem::TooMuch)]
#[case::bots("bots", "", None, Problem::Missing)]
#[case::bots_what("bots onn", "onn", Some("on"), Problem::Choice(&["on", "off"]))]
#[case::forget("forget everything", "everything", None, Problem::Choice(&["me", "team"]))]
#[case::forget_no("forget me no", "no", None, Problem::Choice(&["yes"]))]
#[case::settings("settings a b c d e f g h i", "i", None, Problem::TooMuch)]
#[case::digest_when("digest on mondy", "mondy", None, Problem::When)]
#[case::digest_zone("digest on Europe/Berlim", "europe/berlim", None, Problem::When)]
#[case::digest_hour("digest 25:00", "25:00", None, Problem::When)]
#[case::digest_twice("digest monday tuesday", "tuesday", None, Problem::When)]
#[case::digest_more("digest off please", "please", None, Problem::TooMuch)]
#[case::stats("stats now", "now", None, Problem::TooMuch)]
fn misread(
    #[case] text: &str,
    #[case] word: &str,
    #[case] nearest: Option<&'static str>,
    #[case] problem: Problem,
) -> Result<(), Command> {
    let Err(misread) = parse(text) else { return Err(Command::Stats) };
    let usage = misread.usage;
    assert_eq!(misread, Misread { word: word.into(), nearest, problem, usage });
    Ok(())
}

#[test]
fn every_command_of_the_help_is_read() {
    for (usage, what) in COMMANDS {
        let name = usage.split(' ').next().unwrap_or_default();
        assert!(!matches!(parse(name), Err(Misread { problem: Problem::Unknown, .. })), "{usage}");
        assert_eq!(parse(&format!("help {name}")), Ok(Command::Help(Some(name.into()))));
        assert!(what.ends_with('.'));
    }
}

#[test]
fn long_texts_are_cut_but_those_to_explain() {
    let long = "é".repeat(10 << 20);
    let Ok(Command::Explain(text)) = parse(&format!("explain {long}")) else { panic!("no explain") };
    assert_eq!(text.len(), long.len());
    let Ok(Command::Save(Saving { text: Some(text), .. })) = parse(&format!("save {long}")) else { panic!("no save") };
    assert_eq!(text.chars().count(), RAW_FIX_LIMIT);
    let words = "word ".repeat(10_000);
    let Ok(Command::Fixes { search: Some(text) }) = parse(&format!("fixes {words}")) else { panic!("no fixes") };
    assert!(text.ends_with("word") && text.len() <= LINE_LIMIT);
    let Err(misread) = parse(&long) else { panic!("no misread") };
    assert_eq!(misread.word.chars().count(), 40);
    assert_eq!(parse(&"\u{a0}\0\u{202e}".repeat(1 << 20)), Ok(Command::Help(None)));
}

proptest! {
    #[test]
    fn nothing_panics(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn no_argument_panics(command in 0..COMMANDS.len(), blank in "[ \u{a0}\0\u{202e}\u{201c}]{1,3}", text in "(\\PC|\\s|\0){0,40}") {
        let name = COMMANDS[command].0.split(' ').next().unwrap_or_default();
        if let Err(misread) = parse(&format!("{name}{blank}{text}")) {
            prop_assert!(misread.word.chars().count() <= 40);
            prop_assert!(!misread.word.contains(char::is_control));
        }
    }
}
