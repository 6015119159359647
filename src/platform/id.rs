//! Ids that exist, and tables that are indexed by them.

use std::iter::Flatten;
use std::marker::PhantomData;
use std::ops::Index;
use std::slice;

use super::rows::Rows;
use super::{Handle, Host, McpServer, Model, Network, Platform, Secret, Service};

/// Values by id, ordered by name.
#[derive(Debug, Clone)]
pub struct Table<I, T> {
    values: Rows<T>,
    id: PhantomData<I>,
}

impl<I, T> Table<I, T> {
    /// A table of these values; ids were given in this order.
    pub(super) fn new(values: impl Into<Rows<T>>) -> Self {
        Self {
            values: values.into(),
            id: PhantomData,
        }
    }

    /// The values, ordered by name.
    pub fn iter(&self) -> Flatten<slice::Iter<'_, Vec<T>>> {
        self.values.iter()
    }

    /// The values, to be filled in further while the platform is made.
    pub(super) fn values_mut(&mut self) -> Flatten<slice::IterMut<'_, Vec<T>>> {
        self.values.values_mut()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<'a, I, T> IntoIterator for &'a Table<I, T> {
    type Item = &'a T;
    type IntoIter = Flatten<slice::Iter<'a, Vec<T>>>;
    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $id:ident, $value:ident, $table:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(u32);

        impl $id {
            /// The id of the value at this place of its table.
            pub(super) fn new(at: usize) -> Self {
                Self(u32::try_from(at).expect("the size of the text limits a table to far fewer values"))
            }
        }

        impl From<$id> for usize {
            fn from(id: $id) -> Self {
                id.0 as Self
            }
        }

        impl Index<$id> for Table<$id, $value> {
            type Output = $value;
            fn index(&self, id: $id) -> &$value {
                &self.values[id.0 as usize]
            }
        }

        impl Index<$id> for Platform {
            type Output = $value;
            fn index(&self, id: $id) -> &$value {
                &self.$table[id]
            }
        }

        impl Table<$id, $value> {
            /// The value with this name.
            pub fn find(&self, name: &str) -> Option<&$value> {
                let at = self.values.partition_point(|it| it.name.as_str() < name);
                self.values.get(at).filter(|it| it.name.as_str() == name)
            }
        }
    };
}

id!(
    /// A network that exists.
    NetworkId, Network, networks
);
id!(
    /// A host that exists.
    HostId, Host, hosts
);
id!(
    /// A secret that exists.
    SecretId, Secret, secrets
);
id!(
    /// A service that exists.
    ServiceId, Service, services
);
id!(
    /// A model that exists.
    ModelId, Model, models
);
id!(
    /// A handle that exists.
    HandleId, Handle, handles
);
id!(
    /// An MCP server that exists.
    McpId, McpServer, mcp
);

macro_rules! among {
    ($($id:ident $value:ident),*) => {
        $(impl $id {
            /// The value of this id among all, before they are a table.
            pub(super) fn among(self, values: &Rows<$value>) -> Option<&$value> {
                values.get(self.0 as usize)
            }
        })*
    };
}

among!(HostId Host, ServiceId Service, ModelId Model);
