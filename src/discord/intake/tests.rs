use super::*;

fn said(json: &str) -> Sorted {
    sort(&format!("{{\"d\":{json}}}"), "99", What::Said)
}

#[test]
fn chatter_goes_no_further() {
    for chatter in [
        r#"{"id":"1","channel_id":"2","guild_id":"3","author":{"id":"4"},"content":"good morning"}"#,
        r#"{"id":"1","channel_id":"2","guild_id":"3","author":{"id":"4"},"type":7,"content":"npm ERR! code E401"}"#,
        r#"{"id":"1","channel_id":"2","guild_id":"3","author":{"id":"99"},"content":"npm ERR! code E401"}"#,
        r#"{"id":"1","channel_id":"2","guild_id":"3","content":"npm ERR! code E401"}"#,
        r#"{"id":"1","channel_id":"2","guild_id":"3","author":{"id":"4"},"attachments":[{"filename":"cat.png"}]}"#,
        "null",
    ] {
        assert_eq!(said(chatter), Sorted::Chatter, "{chatter}");
    }
}

#[test]
fn what_may_matter_is_taken_in() {
    let matters = Sorted::Matters("2".to_owned());
    for message in [
        r#"{"channel_id":"2","guild_id":"3","author":{"id":"4"},"content":"npm ERR! code E401"}"#,
        r#"{"channel_id":"2","guild_id":"3","author":{"id":"4"},"type":19,"content":"npm ERR! code E401"}"#,
        r#"{"channel_id":"2","author":{"id":"4"},"content":"hello"}"#,
        r#"{"channel_id":"2","guild_id":"3","author":{"id":"4"},"content":"help","mentions":[{"id":"99"}]}"#,
        r#"{"channel_id":"2","guild_id":"3","author":{"id":"4"},"attachments":[{"filename":"message.txt"}]}"#,
    ] {
        assert_eq!(said(message), matters, "{message}");
    }
}

#[test]
fn a_reply_speaks_to_the_bot_only_where_it_is_mentioned_in_words() {
    let reply = |content: &str| {
        said(&format!(
            r#"{{"channel_id":"2","guild_id":"3","type":19,"author":{{"id":"4"}},"content":"{content}","mentions":[{{"id":"99"}}],
            "message_reference":{{"type":0,"message_id":"5"}}}}"#
        ))
    };
    for thanks in ["thanks!", "thanks <@9>", "thanks <@999>", "thanks <@99"] {
        assert_eq!(reply(thanks), Sorted::Chatter, "{thanks}");
    }
    for asked in ["<@99> and this?", "and <@!99>?"] {
        assert_eq!(reply(asked), Sorted::Matters("2".to_owned()), "{asked}");
    }
}

#[test]
fn our_own_post_is_an_echo_by_its_nonce() {
    let echo = said(r#"{"id":"1","channel_id":"2","guild_id":"3","author":{"id":"99"},"nonce":"abc"}"#);
    let Sorted::Echo { guild, channel, key, id } = echo else { panic!("{echo:?}") };
    assert_eq!((guild.as_str(), channel.as_str(), key.as_str(), id.as_str()), ("3", "2", "abc", "1"));
}

#[test]
fn only_real_edits_are_edits() {
    let edited = |time: &str| {
        let message =
            format!(r#"{{"d":{{"channel_id":"2","author":{{"id":"4"}},"content":"x","edited_timestamp":{time}}}}}"#);
        sort(&message, "99", What::Edited)
    };
    assert_eq!(edited("null"), Sorted::Chatter);
    assert_eq!(edited("\"2025-06-15T10:00:00Z\""), Sorted::Matters("2".to_owned()));
}

#[test]
fn a_restart_goes_on_before_the_first_event_that_is_not_dealt_with() {
    let open = Arc::new(Open::default());
    let (first, second) = (open.begin(5), open.begin(6));
    second.done();
    assert_eq!(open.first(), Some(5));
    assert_eq!(heard_until(&open, Timestamp::UNIX_EPOCH), None);
    first.done();
    assert_eq!(heard_until(&open, Timestamp::UNIX_EPOCH), Some(Timestamp::UNIX_EPOCH));
    // An event whose lane was stopped half-way stays open.
    drop(open.begin(7));
    assert_eq!(open.first(), Some(7));
}
