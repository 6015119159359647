//! `homelab schema`: the JSON schema of `platform.toml`, for editors.

use crate::compile;
use crate::manifest;

use super::{End, terminal};

pub(super) fn run() -> End {
    if terminal::say(&manifest::schema_text(&compile::schema())) {
        End::Well
    } else {
        End::Failed
    }
}
