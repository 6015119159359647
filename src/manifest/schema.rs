//! The JSON schema of `platform.toml`, made from the types.

use schemars::Schema;
use schemars::generate::SchemaSettings;

use super::Manifest;

/// The JSON schema of `platform.toml`.
pub fn schema() -> Schema {
    SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<Manifest>()
}
