//! What is embedded in the page.
