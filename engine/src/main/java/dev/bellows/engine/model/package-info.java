/**
 * The model folder: safetensors weights, strict JSON, provenance and checksums. Loading never runs
 * code.
 */
@NullMarked
package dev.bellows.engine.model;

import org.jspecify.annotations.NullMarked;
