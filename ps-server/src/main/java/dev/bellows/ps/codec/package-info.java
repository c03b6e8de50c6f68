/**
 * How gradients and parameters are coded on the wire: float32, bfloat16, int8 in blocks, the
 * largest values, an adaptive threshold. Pure functions of blocks of 1,024 elements, so that a code
 * does not depend on how a vector is cut into shards. What a code leaves out stays with its sender
 * and is added to what it sends next (error feedback).
 */
@NullMarked
package dev.bellows.ps.codec;

import org.jspecify.annotations.NullMarked;
