/**
 * Step-consistent checkpoints of a training run on any file system.
 *
 * <p>This is the only package of the module that names Hadoop ({@link
 * dev.bellows.ps.checkpoint.HadoopFiles}); {@link dev.bellows.engine.model.NioFiles} needs nothing
 * but the JDK.
 */
@NullMarked
package dev.bellows.ps.checkpoint;

import org.jspecify.annotations.NullMarked;
