//! From tree to [`Manifest`]: of a large platform its longest tables in parts, on all cores.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, IntoDeserializer};

use super::{HandleName, Manifest, Name};
use crate::side_by_side::side_by_side;
use crate::syntax::{DeserializeError, Document, Node};

/// How many entries are read in a row: few enough that no core waits long for another.
const PART: usize = 256;

/// The manifest that a document is, when it has the right shape; on all cores when there is `much` of it.
pub fn read(document: &Document, much: bool) -> Result<Manifest, DeserializeError> {
    let root = document.root_node();
    if !much {
        return root.deserialize();
    }
    let mut manifest: Manifest = root.deserialize_with_empty(&["services", "models", "handles"])?;
    let find = |key| document.root().get(key).map(|it| &it.node);
    manifest.services = table::<Name, _>(find("services"))?;
    manifest.models = table::<HandleName, _>(find("models"))?;
    manifest.handles = table::<HandleName, _>(find("handles"))?;
    Ok(manifest)
}

/// A table of many entries, each read by itself.
fn table<K, V>(node: Option<&Node>) -> Result<BTreeMap<K, Box<V>>, DeserializeError>
where
    K: DeserializeOwned + Ord + Send,
    V: DeserializeOwned + Send,
{
    let Some(node) = node else {
        return Ok(BTreeMap::new());
    };
    let Some(table) = node.as_table() else {
        return node.deserialize();
    };
    let parts: Vec<_> = table.entries().chunks(PART).collect();
    let read = side_by_side(&parts, true, |part| {
        let entries = part.iter().map(|entry| {
            let key = K::deserialize(entry.key.as_str().into_deserializer())?;
            Ok((key, Box::new(entry.node.deserialize()?)))
        });
        entries.collect::<Result<Vec<_>, DeserializeError>>()
    });
    let read: Vec<Vec<_>> = read.into_iter().collect::<Result<_, _>>()?;
    Ok(read.into_iter().flatten().collect())
}
