package dev.bellows.jobs.block;

import java.util.ArrayList;
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
      to = new Block(rows, from.numericWidth(), from.pixelWidth(), from.codeWidth());
      if (from.labels().length > 0) {
        to.setLabels(new int[rows]);
      }
      if (from.target().length > 0) {
        to.setTarget(new float[rows]);
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
      System.arraycopy(
          from.numeric(),
          i * from.numericWidth(),
          to.numeric(),
          p * to.numericWidth(),
          from.numericWidth());
      System.arraycopy(
          from.pixels(),
          i * from.pixelWidth(),
          to.pixels(),
          p * to.pixelWidth(),
          from.pixelWidth());
      System.arraycopy(
          from.codes(), i * from.codeWidth(), to.codes(), p * to.codeWidth(), from.codeWidth());
      to.rowKeys()[p] = from.rowKeys()[i];
      if (from.labels().length > 0) {
        to.labels()[p] = from.labels()[i];
      }
      if (from.target().length > 0) {
        to.target()[p] = from.target()[i];
      }
      if (from.weights().length > 0) {
        to.weights()[p] = from.weights()[i];
      }
    }
    if (from.sparse()) {
      sparsePieces.add(piece);
    }
  }

  DataShard finish() {
    if (filled != rows) {
      throw new IllegalStateException("shard " + id + " got " + filled + " rows, expected " + rows);
    }
    Block whole = block == null ? new Block() : block;
    if (!sparsePieces.isEmpty()) {
      joinSparse(whole);
    }
    return new DataShard(id, whole);
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
