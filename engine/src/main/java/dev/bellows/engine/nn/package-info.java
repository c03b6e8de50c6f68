/** Layers, losses, initialisers and the flat parameter layout: compositions of graph ops only. */
@NullMarked
package dev.bellows.engine.nn;

import org.jspecify.annotations.NullMarked;
