//! The digest as a Discord server sets it up.

use serde_json::json;

use crate::{
    fake::{SECRET, user},
    rig::{Rig, SCOPES, command, page},
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
async fn a_digest_comes_with_its_picture_and_without_a_sound() {
    for no_files in [false, true] {
        let rig = Rig::start().await;
        rig.pastes(SCOPES);
        rig.says().await;
        rig.fake.state().no_files = no_files;
        rig.fake.minutes_pass(24 * 60);
        let now = rig.command("digest", &[("when", "now")]).await;
        assert_eq!(now["type"], 4, "{now}");
        let digest = loop {
            let said = rig.says().await;
            if said["message_reference"].is_null() {
                break said;
            }
        };
        assert_eq!(digest["flags"], 1 << 12, "it makes a sound");
        let pictures: Vec<_> =
            digest["embeds"].as_array().unwrap().iter().filter(|card| !card["image"].is_null()).collect();
        let files = std::mem::take(&mut rig.fake.state().sent_files);
        if no_files {
            assert!(pictures.is_empty() && files.is_empty(), "{digest}");
        } else {
            assert_eq!((pictures.len(), files.len()), (1, 1), "{digest}");
            assert!(files[0].bytes.starts_with(b"\x89PNG\r\n") && files[0].bytes.len() <= 100 * 1024);
            assert_ne!(digest["attachments"][0]["description"], "");
        }
        assert_eq!(rig.fake.state().faults, Vec::<String>::new());
    }
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
    assert!(set.contains(&format!("to <#{SECRET}> every Monday")), "{set}");
    rig.fake.end();
}
