package dev.bellows.jobs.block;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One shard being put together from pieces that arrive in any order; the result does not depend on
 * that order.
 */
final class BlockAssembly {
  private final int id;
  private final int rows;
  private final List<Piece> sparsePieces = new ArrayList<>();
  private final List<Piece> seriesPieces = new ArrayList<>();
  private @Nullable Block block;
  private int filled;

  BlockAssembly(int id, int rows) {
    this.id = id;
    this.rows = rows;
  }

  void add(Piece piece) {
    Block from = piece.block();
    Block to = block;
    if (to == null) {
      to =
          new Block(
              rows, from.numericWidth(), from.pixelWidth(), from.codeWidth(), from.tokenWidth());
      if (from.labels().length > 0) {
        to.setLabels(new int[Block.elements(rows, from.labelWidth())], from.labelWidth());
      }
      if (from.masks().length > 0) {
        to.setMasks(new byte[Block.elements(rows, from.labelWidth())], from.labelWidth());
      }
      if (from.target().length > 0) {
        to.setTarget(new float[Block.elements(rows, from.targetWidth())], from.targetWidth());
      }
      if (from.weights().length > 0) {
        to.setWeights(new float[rows]);
      }
      block = to;
    }
    int[] positions = piece.positions();
    filled += positions.length;
    for (int i = 0; i < positions.length; i++) {
      int p = positions[i];
      move(from.numeric(), i, to.numeric(), p, from.numericWidth());
      move(from.pixels(), i, to.pixels(), p, from.pixelWidth());
      move(from.codes(), i, to.codes(), p, from.codeWidth());
      move(from.tokens(), i, to.tokens(), p, from.tokenWidth());
      to.rowKeys()[p] = from.rowKeys()[i];
      if (from.labels().length > 0) {
        move(from.labels(), i, to.labels(), p, from.labelWidth());
      }
      if (from.masks().length > 0) {
        move(from.masks(), i, to.masks(), p, from.labelWidth());
      }
      if (from.target().length > 0) {
        move(from.target(), i, to.target(), p, from.targetWidth());
      }
      if (from.weights().length > 0) {
        to.weights()[p] = from.weights()[i];
      }
    }
    if (from.starts().length > 0) {
      seriesPieces.add(piece);
    }
    if (from.sparse()) {
      sparsePieces.add(piece);
    }
  }

  /** Copies row {@code i} of one array [.., width] to row {@code p} of another. */
  @SuppressWarnings("SuspiciousSystemArraycopy") // both are arrays of the same part
  private static void move(Object from, int i, Object to, int p, int width) {
    System.arraycopy(from, i * width, to, p * width, width);
  }

  DataShard finish() {
    if (filled != rows) {
      throw new IllegalStateException("shard " + id + " got " + filled + " rows, expected " + rows);
    }
    Block whole = block == null ? new Block() : block;
    if (!sparsePieces.isEmpty()) {
      joinSparse(whole);
    }
    if (!seriesPieces.isEmpty()) {
      joinSeries(whole);
    }
    return new DataShard(id, whole);
  }

  /** Series one after another, in the order of their first rows. */
  private void joinSeries(Block whole) {
    seriesPieces.sort(Comparator.comparingInt(piece -> piece.positions()[0]));
    int length = 0;
    for (Piece piece : seriesPieces) {
      length = Math.addExact(length, piece.block().series().length);
    }
    float[] series = new float[length];
    int[] starts = new int[rows];
    int at = 0;
    for (Piece piece : seriesPieces) {
      Block from = piece.block();
      System.arraycopy(from.series(), 0, series, at, from.series().length);
      for (int i = 0; i < piece.positions().length; i++) {
        starts[piece.positions()[i]] = at / from.seriesWidth() + from.starts()[i];
      }
      at += from.series().length;
    }
    Block first = seriesPieces.get(0).block();
    whole.setSeries(series, first.seriesWidth(), starts, first.horizon());
  }

  private void joinSparse(Block whole) {
    int[] pointers = new int[rows + 1];
    for (Piece piece : sparsePieces) {
      int[] from = piece.block().rowPointers();
      for (int i = 0; i < piece.positions().length; i++) {
        pointers[piece.positions()[i] + 1] = from[i + 1] - from[i];
      }
    }
    for (int r = 0; r < rows; r++) {
      pointers[r + 1] = Math.addExact(pointers[r + 1], pointers[r]);
    }
    int[] columns = new int[pointers[rows]];
    float[] values = new float[pointers[rows]];
    for (Piece piece : sparsePieces) {
      int[] from = piece.block().rowPointers();
      for (int i = 0; i < piece.positions().length; i++) {
        int to = pointers[piece.positions()[i]];
        System.arraycopy(piece.block().columns(), from[i], columns, to, from[i + 1] - from[i]);
        System.arraycopy(piece.block().values(), from[i], values, to, from[i + 1] - from[i]);
      }
    }
    whole.setSparse(pointers, columns, values);
  }
}
