//! What the parts do, and the search against the definition of what it searches for.

mod definition;
mod rules;
