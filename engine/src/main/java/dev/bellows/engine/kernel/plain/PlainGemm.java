package dev.bellows.engine.kernel.plain;

import dev.bellows.engine.kernel.BatchGemmShape;
import dev.bellows.engine.kernel.Gemm;
import dev.bellows.engine.kernel.GemmShape;
import dev.bellows.engine.kernel.KernelCall;
import dev.bellows.engine.tensor.Bfloat16;
import dev.bellows.engine.tensor.DType;
import dev.bellows.engine.tensor.Memory;
import java.util.Arrays;

/**
 * {@link Gemm} in Java. The operands are copied to heap arrays because C2 vectorises only those,
 * and B becomes one array per row because it vectorises only a common index. Every element of C is
 * summed over k in order, four at a time.
 */
final class PlainGemm implements Gemm {
  @Override
  public KernelCall bind(GemmShape shape, long a, long b, long bias, long c) {
    Product product = new Product(shape);
    return () -> product.run(a, b, bias, c);
  }

  @Override
  public KernelCall bindBatch(BatchGemmShape shape, long a, long b, long c) {
    GemmShape one = shape.product();
    Product product = new Product(one);
    long bytesA = (long) one.operands().bytes() * one.m() * one.k();
    long bytesB = (long) one.operands().bytes() * one.k() * one.n();
    long bytesC = 4L * one.m() * one.n();
    int count = shape.count();
    return () -> {
      for (int i = 0; i < count; i++) {
        long fromA = a + shape.matrixA(i) * bytesA;
        product.run(fromA, b + shape.matrixB(i) * bytesB, 0, c + i * bytesC);
      }
    };
  }

  @Override
  public String describe(GemmShape shape) {
    return "plain";
  }

  private static final class Product {
    private final GemmShape shape;
    private final float[] rowA;
    private final float[][] rowsB;
    private final float[] rowC;
    private final float[] packed;

    Product(GemmShape shape) {
      this.shape = shape;
      this.rowA = new float[shape.k()];
      this.rowsB = new float[shape.k()][shape.n()];
      this.rowC = new float[shape.n()];
      this.packed = new float[shape.transB() ? shape.k() : 0];
    }

    void run(long a, long b, long bias, long c) {
      int n = shape.n();
      int k = shape.k();
      loadB(b, n, k);
      for (int i = 0; i < shape.m(); i++) {
        if (shape.transA()) {
          for (int j = 0; j < k; j++) {
            rowA[j] = element(a, (long) j * shape.m() + i);
          }
        } else {
          row(a, (long) i * k, rowA);
        }
        if (bias == 0) {
          Arrays.fill(rowC, 0);
        } else {
          Memory.copyOut(bias, rowC, 0, n);
        }
        int j = 0;
        for (; j + 4 <= k; j += 4) {
          add4(rowC, rowA, j, rowsB[j], rowsB[j + 1], rowsB[j + 2], rowsB[j + 3]);
        }
        for (; j < k; j++) {
          add(rowC, rowA[j], rowsB[j]);
        }
        Memory.copyIn(rowC, 0, c + 4L * i * n, n);
      }
    }

    private void loadB(long b, int n, int k) {
      if (!shape.transB()) {
        for (int j = 0; j < k; j++) {
          row(b, (long) j * n, rowsB[j]);
        }
        return;
      }
      for (int col = 0; col < n; col++) {
        row(b, (long) col * k, packed);
        for (int j = 0; j < k; j++) {
          rowsB[j][col] = packed[j];
        }
      }
    }

    private float element(long matrix, long index) {
      return shape.operands() == DType.BFLOAT16
          ? Bfloat16.value(Memory.getShort(matrix + 2 * index))
          : Memory.getFloat(matrix + 4 * index);
    }

    private void row(long matrix, long first, float[] values) {
      if (shape.operands() == DType.FLOAT32) {
        Memory.copyOut(matrix + 4 * first, values, 0, values.length);
        return;
      }
      for (int i = 0; i < values.length; i++) {
        values[i] = element(matrix, first + i);
      }
    }

    private static void add4(
        float[] c, float[] a, int j, float[] b0, float[] b1, float[] b2, float[] b3) {
      float a0 = a[j];
      float a1 = a[j + 1];
      float a2 = a[j + 2];
      float a3 = a[j + 3];
      for (int i = 0; i < c.length; i++) {
        c[i] = (((c[i] + a0 * b0[i]) + a1 * b1[i]) + a2 * b2[i]) + a3 * b3[i];
      }
    }

    private static void add(float[] c, float a, float[] b) {
      for (int i = 0; i < c.length; i++) {
        c[i] = c[i] + a * b[i];
      }
    }
  }
}
