//! What the tests produced, kept for judges of other makers: `NPMFIX_TEST_BLOCKS` names a folder, and each message and view that
//! was found good here is written there as well.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash as _, Hasher as _},
    path::PathBuf,
};

use serde_json::Value;

/// Keeps a message's blocks (`message`) or a view (`modal`, `home`), each different one once.
pub fn keep(kind: &str, content: &Value) {
    #[expect(clippy::disallowed_methods, reason = "only tests are set up this way")]
    let Ok(folder) = std::env::var("NPMFIX_TEST_BLOCKS") else { return };
    let text = content.to_string();
    let mut hash = DefaultHasher::new();
    text.hash(&mut hash);
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{kind}-{:016x}.json", hash.finish())), text).unwrap();
}
