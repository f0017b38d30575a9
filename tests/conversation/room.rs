//! A platform in memory. It takes what a real one would take and remembers whatever else it is asked for as a fault.

use std::{
    collections::{HashSet, VecDeque},
    sync::Mutex,
};

use jiff::SignedDuration;
use npmfix::{
    answer::{
        reply::{Choice, Reply},
        text::{Paint, reply},
    },
    bot::{
        outbox::{Courier, Delivery, LookUp, Soon},
        say::Say,
    },
    message::{Platform, Where},
    store::outbox::{Kind, Parcel},
};

/// Wide enough that no sentence of a test is broken.
const WIDTH: usize = 10_000;

/// Something that the bot said.
#[derive(Debug)]
pub struct Said {
    pub kind: Kind,
    pub to: Where,
    pub user: Option<String>,
    pub page: String,
    pub choices: Vec<Choice>,
}

#[derive(Default)]
struct State {
    unread: VecDeque<Said>,
    posts: HashSet<String>,
    count: usize,
    faults: Vec<String>,
}

/// Where the bot speaks.
#[derive(Default)]
pub struct Room(Mutex<State>);

impl Room {
    /// The next thing that was said and not read.
    pub fn next(&self) -> Option<Said> {
        let mut state = self.0.lock().unwrap();
        assert_eq!(state.faults, Vec::<String>::new());
        state.unread.pop_front()
    }

    fn take(&self, parcel: &Parcel) -> Delivery {
        let mut state = self.0.lock().unwrap();
        let Ok(say) = serde_json::from_str::<Say>(&parcel.body) else {
            state.faults.push(format!("no body: {}", parcel.body));
            return Delivery::Refused("unreadable".to_owned());
        };
        let known = parcel.answer.as_ref().is_some_and(|answer| state.posts.contains(answer));
        let id = match parcel.kind {
            Kind::Post => {
                state.count += 1;
                let id = format!("post-{}", state.count);
                state.posts.insert(id.clone());
                Some(id)
            }
            Kind::Edit | Kind::Remove if !known => {
                state.faults.push(format!("{:?} of {:?}, which is not here", parcel.kind, parcel.answer));
                return Delivery::Refused("no such message".to_owned());
            }
            Kind::Remove => {
                parcel.answer.as_ref().map(|answer| state.posts.remove(answer));
                None
            }
            Kind::Edit | Kind::Notice => None,
        };
        if (parcel.kind == Kind::Notice) != say.user.is_some() {
            state.faults.push(format!("{:?} for {:?}", parcel.kind, say.user));
        }
        let choices = choices(&say.content);
        let page = page(&say.content);
        let user = say.user.map(|user| user.as_str().to_owned());
        state.unread.push_back(Said { kind: parcel.kind, to: say.to, user, page, choices });
        Delivery::Done(id)
    }
}

/// A reply as people read it, on one line for each of its own.
pub fn page(content: &Reply) -> String {
    reply(content, WIDTH, Paint::Plain)
}

pub fn choices(content: &Reply) -> Vec<Choice> {
    content.choices().cloned().collect()
}

impl Courier for Room {
    fn platform(&self) -> Platform {
        Platform::Terminal
    }

    fn pace(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery> {
        Box::pin(async move { self.take(parcel) })
    }

    fn look_up<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, LookUp> {
        Box::pin(async move {
            self.0.lock().unwrap().faults.push(format!("{} was looked for", parcel.key));
            LookUp::Unknown
        })
    }
}
