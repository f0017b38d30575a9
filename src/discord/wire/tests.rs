use super::*;

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> T {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_message_is_read() {
    let event: Event<Message<'_>> = read(
        r#"{"t":"MESSAGE_CREATE","s":7,"op":0,"d":{"id":"11","channel_id":"22","guild_id":"33","type":0,
        "author":{"id":"44","username":"alice","global_name":"Alice","bot":false},"member":{"nick":null},
        "content":"npm ERR! code E401\n\"x\"","edited_timestamp":null,"mentions":[{"id":"55"}],
        "attachments":[{"filename":"message.txt","size":12,"url":"https://cdn.discordapp.com/a"}],"nonce":123}}"#,
    );
    let message = event.d.get().unwrap();
    assert_eq!((message.id.as_str(), message.channel_id.as_str(), message.guild_id.as_str()), ("11", "22", "33"));
    assert_eq!(message.author.get().unwrap().name(), "Alice");
    assert_eq!(message.content.as_str(), "npm ERR! code E401\n\"x\"");
    assert_eq!(message.edited_timestamp.some(), None);
    assert_eq!(message.attachments.0[0].size.0, 12);
    assert_eq!(message.nonce.as_str(), "123");
}

#[test]
fn an_odd_value_costs_its_field_only() {
    for odd in ["null", "true", "7", "-7", "1.5", "\"x\"", "[]", "[1,[2]]", "{}", "{\"a\":{\"b\":[]}}"] {
        for field in [
            "author",
            "webhook_id",
            "member",
            "edited_timestamp",
            "mentions",
            "attachments",
            "embeds",
            "components",
            "message_snapshots",
            "message_reference",
            "nonce",
            "type",
            "a_new_field",
        ] {
            let json = format!("{{\"d\":{{\"{field}\":{odd},\"id\":\"11\",\"content\":\"npm ERR!\"}}}}");
            let event: Event<Message<'_>> = read(&json);
            let message = event.d.get().unwrap();
            assert_eq!((message.id.as_str(), message.content.as_str()), ("11", "npm ERR!"), "{field} {odd}");
        }
    }
}

#[test]
fn the_traps_of_typed_models_are_none() {
    // An interaction without the `attachment_size_limit` that Discord's documents promise, with a component nobody knows inside a
    // row of the message, and a modal's label with its value.
    let event: Event<Interaction<'_>> = read(
        r#"{"d":{"id":"1","type":5,"token":"t","channel_id":"2","member":{"permissions":"8","user":{"id":"3"}},
        "message":{"id":"9","components":[{"type":1,"components":[{"type":99,"strange":true}]}]},
        "data":{"custom_id":"save","components":[{"type":18,"id":1,
            "component":{"type":4,"custom_id":"text","value":"use a token"}}]}}}"#,
    );
    let interaction = event.d.get().unwrap();
    assert_eq!(interaction.who().unwrap().id.as_str(), "3");
    assert_eq!(interaction.member.get().unwrap().permissions.0, 8);
    let label = &interaction.data.get().unwrap().components.0[0];
    assert_eq!(label.component.get().unwrap().value.as_str(), "use a token");
}

#[test]
fn a_snowflake_tells_its_time() {
    assert_eq!(made("175928847299117063"), 1_462_015_105_796);
    assert_eq!(made("no number"), 0);
    assert_eq!(made(&snowflake_at(1_462_015_105_796).to_string()), 1_462_015_105_796);
    assert_eq!(snowflake_at(0), 0);
}
