//! Discord's own description of its API, as a check of everything that is sent. Where it lies is said by `NPMFIX_DISCORD_SPEC`;
//! without it, the check says that it did not run.

#![expect(clippy::print_stderr, reason = "a check that does not run says so")]

use std::{collections::HashMap, fs, sync::LazyLock};

use jsonschema::Validator;
use serde_json::{Value, json};

static SPEC: LazyLock<Option<Value>> = LazyLock::new(|| {
    let Some(path) = std::env::var_os("NPMFIX_DISCORD_SPEC") else {
        eprintln!(
            "NPMFIX_DISCORD_SPEC is not set: what is sent is not checked against Discord's description of its API"
        );
        return None;
    };
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
});

static VALIDATORS: LazyLock<HashMap<&'static str, Validator>> = LazyLock::new(|| {
    let Some(spec) = SPEC.as_ref() else { return HashMap::new() };
    let build = |(name, schema): (&'static str, Value)| {
        let mut root = schema;
        root["components"] = spec["components"].clone();
        (name, jsonschema::validator_for(&root).unwrap())
    };
    let of = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let callback = "/interactions/{interaction_id}/{interaction_token}/callback";
    let callback = spec["paths"][callback]["post"]["requestBody"]["content"]["application/json"]["schema"].clone();
    [
        ("post", of("MessageCreateRequest")),
        ("edit", of("MessageEditRequestPartial")),
        ("original", of("IncomingWebhookUpdateRequestPartial")),
        ("follow-up", of("IncomingWebhookRequestPartial")),
        ("direct", of("CreatePrivateChannelRequest")),
        ("callback", callback),
        ("commands", json!({ "type": "array", "items": of("ApplicationCommandUpdateRequest") })),
    ]
    .into_iter()
    .map(build)
    .collect()
});

/// What Discord's description says against a body; nothing when it is not there.
pub fn against(kind: &str, body: &Value) -> Vec<String> {
    let Some(validator) = VALIDATORS.get(kind) else { return Vec::new() };
    validator.iter_errors(body).map(|error| format!("{kind}: {error} at {}", error.instance_path())).collect()
}
