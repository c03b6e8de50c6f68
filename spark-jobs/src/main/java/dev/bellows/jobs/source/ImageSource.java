package dev.bellows.jobs.source;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A source of images of one size, with a number column {@code label} or without columns. */
abstract class ImageSource implements SourceReader {
  private final SparkSession session;

  ImageSource(SparkSession session) {
    this.session = session;
  }

  final SparkSession session() {
    return session;
  }

  @Override
  public Dataset<Row> rows() {
    boolean labelled = !columns().isEmpty();
    List<RawSchema.CellKind> kinds =
        Collections.nCopies(columns().size(), RawSchema.CellKind.NUMBER);
    RawSchema schema = new RawSchema(columns(), kinds, imageShape(), false, -1);
    StructType type = new StructType().add("image", DataTypes.BinaryType, false);
    return session.createDataFrame(
        blocks(schema)
            .flatMap(
                block -> {
                  if (block.failure() != null) {
                    throw new DataException(block.failure());
                  }
                  List<Row> out = new ArrayList<>(block.rows());
                  int width = block.pixelWidth();
                  for (int r = 0; r < block.rows(); r++) {
                    byte[] image = Arrays.copyOfRange(block.pixels(), r * width, (r + 1) * width);
                    out.add(
                        labelled
                            ? RowFactory.create(image, block.column(0).numbers()[r])
                            : RowFactory.create((Object) image));
                  }
                  return out.iterator();
                }),
        labelled ? type.add("label", DataTypes.DoubleType, false) : type);
  }
}
