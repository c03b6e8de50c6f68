/** A network's graph as a fixed list of kernel calls over one arena. */
@NullMarked
package dev.bellows.engine.plan;

import org.jspecify.annotations.NullMarked;
