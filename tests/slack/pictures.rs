//! Pictures of a report: uploaded, named in the message, and said in words where that does not work.

use npmfix::{
    answer::{
        picture::{Picture, Series},
        reply::{Block, Reply},
    },
    bot::say::Say,
    message::{ChannelId, Where},
    store::outbox::{self, Kind, NewRow},
};

use crate::{
    fake::{Fault, page},
    office::{Office, team},
};

const GENERAL: &str = "C0GENERAL";
const WORDS: &str = "E401 on one registry: 3 times on the first day";

/// Something with a picture is said; the message as it was posted.
async fn posted(office: &Office) -> serde_json::Value {
    put(office).await;
    let mut posts = office.fake.calls("chat.postMessage");
    assert_eq!(posts.len(), 1);
    posts.pop().unwrap().body
}

/// Something with a picture is to be said.
async fn put(office: &Office) {
    let picture = Picture {
        title: "Four weeks".to_owned(),
        alt: WORDS.to_owned(),
        first: "2026-11-02".parse().unwrap(),
        series: vec![Series { label: "E401".to_owned(), counts: [vec![3], vec![0; 27]].concat() }],
    };
    let to = Where::Channel { team: team(), channel: ChannelId::parse(GENERAL).unwrap() };
    let content = Reply { blocks: vec![Block::Picture(Box::new(picture))], rows: Vec::new() };
    let body = Say::new(to, content).to_json();
    let row =
        NewRow { team: team(), lane: GENERAL.to_owned(), key: outbox::post_key(), kind: Kind::Post, reply: None, body };
    let mut tx = office.slack.bot.store().begin().await.unwrap();
    outbox::put(&mut tx, &[row], (office.slack.clock)()).await.unwrap();
    tx.commit().await.unwrap();
    office.settle().await;
}

#[tokio::test]
async fn a_picture_is_uploaded_once_however_often_its_message_is_tried() {
    let office = Office::open().await;
    for fault in [Fault::Limited(30), Fault::Error("service_unavailable"), Fault::Limited(30)] {
        office.fake.fault("chat.postMessage", fault);
    }
    put(&office).await;
    for _ in 0..4 {
        office.seconds_pass(60);
        office.settle().await;
    }
    let posts = office.fake.calls("chat.postMessage");
    assert_eq!(posts.len(), 1);
    assert!(posts[0].body.to_string().contains("slack_file"), "{:#}", posts[0].body);
    assert_eq!(office.fake.calls("files.getUploadURLExternal").len(), 1);
    office.fake.next_of("files.completeUploadExternal").await;
    office.fake.next_of("chat.postMessage").await;
    office.fake.done();
}

#[tokio::test]
async fn a_picture_is_uploaded_and_named_in_the_message() {
    let office = Office::open().await;
    let message = posted(&office).await;
    let image = message["blocks"].as_array().unwrap().iter().find(|block| block["type"] == "image").unwrap();
    let id = image["slack_file"]["id"].as_str().unwrap();
    assert_eq!(image["alt_text"], WORDS);
    let state = office.fake.state();
    let file = &state.files[id];
    assert!(file.complete && file.bytes.starts_with(b"\x89PNG") && file.alt.as_deref() == Some(WORDS));
}

#[tokio::test]
async fn without_the_scope_or_a_working_upload_the_picture_is_said_in_words() {
    for spoilt in ["scope", "upload"] {
        let office = Office::open().await;
        if spoilt == "scope" {
            office.fake.without_scopes(&["files:write"]);
        } else {
            office.fake.fault("files.getUploadURLExternal", Fault::Error("internal_error"));
        }
        let message = posted(&office).await;
        let blocks = &message["blocks"];
        assert!(blocks.as_array().unwrap().iter().all(|block| block["type"] != "image"), "{spoilt}: {blocks:#}");
        assert!(page::page(blocks).contains(WORDS), "{spoilt}: {blocks:#}");
    }
}
