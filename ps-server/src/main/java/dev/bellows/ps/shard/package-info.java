/**
 * What a shard is made of: element ranges, the summation tree, checksums and norms that do not
 * depend on the cut.
 */
@NullMarked
package dev.bellows.ps.shard;

import org.jspecify.annotations.NullMarked;
