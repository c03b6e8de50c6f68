package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Indexing;

/** {@link Indexing} in plain Java. */
final class PlainIndexing implements Indexing {}
