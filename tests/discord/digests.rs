//! The digest as a Discord server sets it up.

use serde_json::json;

use crate::{
    fake::{SECRET, user},
    rig::{Rig, command, page},
};

#[tokio::test]
async fn a_time_zone_is_offered_while_it_is_typed() {
    let rig = Rig::start().await;
    let typing = |typed: &str| {
        let when = json!({ "name": "when", "type": 3, "value": "on friday 16:00" });
        let zone = json!({ "name": "zone", "type": 3, "value": typed, "focused": true });
        let sub = json!({ "name": "digest", "type": 1, "options": [when, zone] });
        json!({ "type": 4, "data": { "id": "1", "name": "npmfix", "type": 1, "options": [sub] } })
    };
    let offers = rig.fake.interacts(typing("berl")).await;
    assert_eq!(offers["data"]["choices"], json!([{ "name": "Europe/Berlin", "value": "Europe/Berlin" }]));
    let all = rig.fake.interacts(typing("")).await;
    assert_eq!(all["data"]["choices"].as_array().unwrap().len(), 25);
    let set = rig.command("digest", &[("when", "on friday 16:00"), ("zone", "Europe/Berlin")]).await;
    let set = page(&set["data"]);
    assert!(set.contains("to this channel every Friday at 16:00, Europe/Berlin time"), "{set}");
    rig.fake.end();
}

#[tokio::test]
async fn only_an_admin_names_another_channel_and_only_one_of_the_server() {
    let rig = Rig::start().await;
    rig.fake.state().channels.insert("1600".to_owned(), json!({ "id": "1600", "type": 0, "guild_id": "1700" }));
    let asks = async |channel: &str, who: serde_json::Value| {
        let mut asked = command("digest", &[("when", &format!("on monday 9:00 utc {channel}"))]);
        for (key, value) in who.as_object().unwrap() {
            asked[key] = value.clone();
        }
        page(&rig.fake.interacts(asked).await["data"])
    };
    let admin = || json!({ "member": { "user": user("alice"), "permissions": "8", "nick": null } });
    let direct = json!({ "guild_id": null, "member": null, "user": user("alice") });
    let secret = format!("<#{SECRET}>");
    for (channel, who) in [
        (secret.as_str(), json!({})),
        (secret.as_str(), direct),
        ("<#1600>", admin()),
        ("<#16000000>", admin()),
        ("#secret", admin()),
    ] {
        let refused = asks(channel, who).await;
        assert!(refused.contains("I do not know that channel, or may not post there."), "{channel}: {refused}");
    }
    let set = asks(&secret, admin()).await;
    assert!(set.contains(&format!("to the channel `{SECRET}` every Monday")), "{set}");
    rig.fake.end();
}
