//! Bytes: requests and responses, XML and JSON, parameters, filters, pages and refusals. Knows the
//! protocols, not the services.

pub(crate) mod cbor;
pub(crate) mod fields;
pub(crate) mod filters;
pub(crate) mod message;
pub(crate) mod pages;
pub(crate) mod params;
pub(crate) mod protocol;
pub(crate) mod refusal;
pub(crate) mod xml;
