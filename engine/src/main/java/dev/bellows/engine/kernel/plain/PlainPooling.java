package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.Pooling;

/** {@link Pooling} in plain Java. */
final class PlainPooling implements Pooling {}
