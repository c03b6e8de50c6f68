/** Plain-Java truth: evaluates any graph in double precision. */
@NullMarked
package dev.bellows.engine.kernel.reference;

import org.jspecify.annotations.NullMarked;
