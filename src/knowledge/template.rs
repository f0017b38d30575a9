//! Filling `{registry} {host} {scope} {org} {package} {version}` into the texts of an entry.
