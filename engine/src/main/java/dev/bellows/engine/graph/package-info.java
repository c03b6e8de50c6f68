/** The computational graph: nodes, op table with one gradient rule per op, shape inference. */
@NullMarked
package dev.bellows.engine.graph;

import org.jspecify.annotations.NullMarked;
