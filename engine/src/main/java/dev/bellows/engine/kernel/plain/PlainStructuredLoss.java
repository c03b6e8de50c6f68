package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.StructuredLoss;

/** {@link StructuredLoss} in plain Java. */
final class PlainStructuredLoss implements StructuredLoss {}
