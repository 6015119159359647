//! From tree to [`Manifest`]: of a large platform its longest tables in parts, on all cores.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, IntoDeserializer};

use super::Manifest;
use crate::side_by_side::in_parts;
use crate::syntax::{DeserializeError, Document, Entry, Table};

/// How many entries are read in a row: few enough that no core waits long for another.
const PART: usize = 256;

/// The manifest that a document is, when it has the right shape; on all cores when there is `much` of it.
pub fn read(document: &Document, much: bool) -> Result<Manifest, DeserializeError> {
    let root = document.root_node();
    if !much {
        return root.deserialize();
    }
    let mut manifest: Manifest = root.deserialize_with_empty(&["services", "models", "handles"])?;
    manifest.services = table(document.root().get("services"))?;
    manifest.models = table(document.root().get("models"))?;
    manifest.handles = table(document.root().get("handles"))?;
    Ok(manifest)
}

/// A table of many entries, each read by itself; without one there are none.
fn table<K, V>(entry: Option<&Entry>) -> Result<BTreeMap<K, Box<V>>, DeserializeError>
where
    K: DeserializeOwned + Ord + Send,
    V: DeserializeOwned + Send,
{
    let table = entry.and_then(|it| it.node.as_table());
    let entries = table.map_or(&[][..], Table::entries);
    let read = in_parts(entries, PART, true, |part| {
        let entries = part.iter().map(|entry| {
            let key = K::deserialize(entry.key.as_str().into_deserializer())?;
            Ok((key, Box::new(entry.node.deserialize()?)))
        });
        entries.collect::<Result<Vec<_>, DeserializeError>>()
    });
    let read: Vec<Vec<_>> = read.into_iter().collect::<Result<_, _>>()?;
    Ok(read.into_iter().flatten().collect())
}
