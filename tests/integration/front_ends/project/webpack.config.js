import MiniCssExtractPlugin from "mini-css-extract-plugin"
import BundleTracker from "webpack-bundle-tracker"

export default {
  mode: "production",
  devtool: "source-map",
  entry: "./webpack/main.js",
  output: {
    path: import.meta.dirname + "/dist/webpack",
    filename: "[name].[contenthash].js",
    chunkFilename: "[id].[contenthash].js",
    publicPath: "auto",
    clean: true,
  },
  module: {
    rules: [
      { test: /\.css$/, use: [MiniCssExtractPlugin.loader, "css-loader"] },
      { test: /\.svg$/, type: "asset/resource" },
    ],
  },
  plugins: [
    new MiniCssExtractPlugin({ filename: "[name].[contenthash].css" }),
    new BundleTracker({ path: import.meta.dirname, filename: "webpack-stats.json" }),
  ],
}
