package dev.bellows.jobs.source;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Blocks filled row by row; an exception while reading becomes the failure of the last block, so
 * that the driver reports it once.
 */
abstract class BlockIterator implements Iterator<RawBlock> {
  private final RawBlockBuilder builder;
  private final String file;
  private @Nullable RawBlock ready;
  private boolean ended;

  BlockIterator(RawSchema schema, String file) {
    this.builder = new RawBlockBuilder(schema);
    this.file = file;
    builder.beginBlock(file);
  }

  /** Adds the next row; false when there is none. */
  abstract boolean step(RawBlockBuilder out) throws Exception;

  @Override
  public boolean hasNext() {
    while (ready == null && !ended) {
      try {
        while (!builder.full()) {
          if (!step(builder)) {
            ended = true;
            break;
          }
        }
      } catch (LineException e) {
        ended = true;
        builder.fail(file + " " + e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while reading " + file, e);
      } catch (Exception e) {
        if (e instanceof RuntimeException r
            && e.getClass().getName().startsWith("org.apache.spark.")) {
          throw r; // a killed task is not a damaged file
        }
        ended = true;
        builder.fail(file + " cannot be read: " + e);
      }
      if (builder.worthKeeping()) {
        ready = builder.build();
      }
    }
    return ready != null;
  }

  @Override
  public RawBlock next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    RawBlock block = ready;
    ready = null;
    return java.util.Objects.requireNonNull(block);
  }
}
