//! What was promised, in the names of today.

use std::borrow::Cow;

use super::claim::{Key, Lock};
use crate::platform::{MovedKind, Owner, Platform};

/// The lock with every service, host and model under its new name.
pub(super) fn in_new_names<'a>(lock: &'a Lock, platform: &Platform) -> Cow<'a, Lock> {
    if platform.moved.is_empty() {
        return Cow::Borrowed(lock);
    }
    let mut renamed = Lock {
        handles: lock.handles.clone(),
        ..Lock::default()
    };
    for (key, claim) in &lock.ports {
        let key = Key {
            host: name(platform, MovedKind::Host, &key.host),
            port: key.port,
            owner: owner(platform, &key.owner),
        };
        renamed.add(key, claim.clone());
    }
    Cow::Owned(renamed)
}

/// An owner under its new name.
pub(super) fn owner(platform: &Platform, owner: &Owner) -> Owner {
    match owner {
        Owner::Service(old) => Owner::Service(name(platform, MovedKind::Service, old)),
        Owner::Model(old) => Owner::Model(name(platform, MovedKind::Model, old)),
    }
}

/// The new name of something, however often it got one; its name when it got none.
pub(super) fn name(platform: &Platform, kind: MovedKind, old: &str) -> String {
    let mut name = old;
    // Entries may lead in a circle; each is followed once.
    for _ in &platform.moved {
        let next = platform
            .moved
            .iter()
            .find(|it| it.kind == kind && it.from == name);
        match next {
            Some(it) => name = &it.to,
            None => break,
        }
    }
    name.to_owned()
}
