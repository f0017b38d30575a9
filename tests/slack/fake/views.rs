//! Modals and the App Home.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    APP, BOT, Fake, limits,
    state::State,
    web::{Asked, refusal},
};

/// How long a `trigger_id` works.
const TRIGGER: SignedDuration = SignedDuration::from_secs(3);

pub fn call(fake: &Fake, asked: &Asked<'_>) -> Value {
    let now = fake.now();
    let mut state = fake.state();
    let view = asked.body.get("view").cloned().unwrap_or_default();
    let wrongs = limits::view(&view);
    if !wrongs.is_empty() {
        state.wrongs.extend(wrongs);
        return refusal("invalid_arguments");
    }
    let wanted = if asked.method == "views.publish" { "home" } else { "modal" };
    if view["type"] != wanted {
        state.wrongs.push(format!("{} of a {}", asked.method, view["type"]));
        return refusal("invalid_arguments");
    }
    match asked.method {
        "views.open" | "views.push" => {
            let trigger = asked.text("trigger_id").to_owned();
            let Some(ticket) = state.triggers.get_mut(&trigger) else { return refusal("invalid_trigger_id") };
            ticket.uses += 1;
            if ticket.uses > 1 {
                state.wrongs.push("a trigger_id was used twice".to_owned());
                return refusal("exchanged_trigger_id");
            }
            if now.duration_since(ticket.at) > TRIGGER {
                return refusal("expired_trigger_id");
            }
            let id = state.fresh("V");
            let view = stored(&mut state, &view, &id);
            json!({"ok": true, "view": view})
        }
        "views.update" => {
            let id = asked.text("view_id").to_owned();
            let Some(old) = state.views.get(&id) else { return refusal("not_found") };
            if asked.body.get("hash").is_some_and(|hash| *hash != old["hash"]) {
                return refusal("hash_conflict");
            }
            let view = stored(&mut state, &view, &id);
            json!({"ok": true, "view": view})
        }
        _ => {
            let user = asked.text("user_id").to_owned();
            if !state.users.contains_key(&user) {
                return refusal("user_not_found");
            }
            let id = format!("VHOME{user}");
            let view = stored(&mut state, &view, &id);
            state.homes.insert(user, view.clone());
            json!({"ok": true, "view": view})
        }
    }
}

/// A view as Slack gives it back.
pub fn stored(state: &mut State, view: &Value, id: &str) -> Value {
    let mut view = view.clone();
    state.count += 1;
    view["id"] = json!(id);
    view["team_id"] = json!(super::TEAM);
    view["app_id"] = json!(APP);
    view["bot_id"] = json!(BOT);
    view["root_view_id"] = json!(id);
    view["hash"] = json!(format!("{}.x", state.count));
    view["state"] = json!({"values": {}});
    view["previous_view_id"] = Value::Null;
    for (n, block) in view["blocks"].as_array_mut().into_iter().flatten().enumerate() {
        if block.get("block_id").is_none() {
            block["block_id"] = json!(format!("made{n}"));
        }
    }
    state.views.insert(id.to_owned(), view.clone());
    view
}
