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

/// The same schema as the types give it, for the shape check: rewriting it in the words of draft 7 takes a third of the time and changes nothing that the check reads.
pub fn plain_schema() -> Schema {
    let mut settings = SchemaSettings::draft07();
    settings.transforms.clear();
    settings.into_generator().into_root_schema_for::<Manifest>()
}

/// The schema as the text that `schema/platform.schema.json` and `homelab schema` have.
pub fn schema_text() -> String {
    let mut text = serde_json::to_string_pretty(&schema()).expect("a schema is plain JSON");
    text.push('\n');
    text
}
