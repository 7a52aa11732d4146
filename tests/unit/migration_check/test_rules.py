"""Each operation, and whether it breaks code from before it."""

import pytest

SAFE = [
    'CreateModel("Tag", [("id", models.BigAutoField(primary_key=True))])',
    'AddField("photo", "note", models.TextField(null=True))',
    'AddField("photo", "note", models.TextField(db_default=""))',
    'AddField("photo", "made", models.DateTimeField(db_default=Now()))',
    'AddField("photo", "seen", models.ManyToManyField("gallery.Album", related_name="+"))',
    'AddField("photo", "cover", models.ForeignKey("gallery.Album", models.CASCADE, null=True, related_name="+"))',
    'AlterField("photo", "title", models.CharField(max_length=81))',
    'AlterField("photo", "title", models.TextField())',
    'AlterField("photo", "title", models.CharField(max_length=80, null=True))',
    'AlterField("photo", "title", models.CharField("a title", max_length=80, help_text="x", default="y"))',
    'AlterField("photo", "title", models.CharField(max_length=80, choices=[("a", "b")]))',
    'AlterField("photo", "title", models.CharField(max_length=80, db_default=""))',
    'AlterField("photo", "price", models.DecimalField(max_digits=9, decimal_places=2))',
    'AlterField("photo", "slug", models.SlugField(db_index=False))',
    'AlterField("photo", "album", models.ForeignKey("gallery.Album", models.PROTECT, null=True, related_name="x"))',
    'AlterField("photo", "albums", models.ManyToManyField("gallery.Album", blank=True))',
    'RenameField("photo", "code", "number")',
    'RenameModel("Named", "Called")',
    'AlterModelTable("photo", "gallery_photo")',
    'AlterModelOptions("photo", {"ordering": ("title",)})',
    'AlterUniqueTogether("photo", set())',
    'AddIndexConcurrently("photo", models.Index(fields=["title"], name="i"))',
    "TrigramExtension()",
    "RunPython(RunPython.noop)",
    'RunSQL("")',
    'DeleteModel("Foreign")',
    'SeparateDatabaseAndState(state_operations=[RemoveField("photo", "alt"), DeleteModel("Named")])',
]
UNSAFE = {
    'RemoveField("photo", "alt")': ["Remove field alt from photo", "every query", "without it first"],
    'RemoveField("photo", "albums")': ["Remove field albums"],
    'DeleteModel("Photo")': ["Delete model Photo", "reads this table"],
    'RenameField("photo", "title", "name")': ["Rename field title", 'db_column="title"'],
    'RenameField("photo", "album", "folder")': ['db_column="album_id"'],
    'RenameField("photo", "albums", "folders")': ["db_table"],
    'RenameModel("Photo", "Picture")': ["Rename model Photo", 'db_table = "gallery_photo"'],
    'AlterModelTable("photo", "pictures")': ['db_table = "gallery_photo"'],
    'AddField("photo", "note", models.TextField())': ["Add field note to photo", "db_default"],
    'AddField("photo", "note", models.TextField(default="x"))': ["no Python default", "null=True"],
    'AddField("photo", "cover", models.ForeignKey("gallery.Album", models.CASCADE))': ["null=True"],
    'AddField("photo", "twice", models.GeneratedField(expression=models.F("width") * 2, db_persist=True, '
    "output_field=models.IntegerField()))": ["computed"],
    'AlterField("photo", "alt", models.CharField(max_length=80))': ["may write NULL"],
    'AlterField("photo", "title", models.CharField(max_length=79))': ["varchar(80) to varchar(79)"],
    'AlterField("photo", "text", models.CharField(max_length=79))': ["text to varchar(79)"],
    'AlterField("photo", "width", models.TextField())': ["integer to text", "a field beside it"],
    'AlterField("photo", "width", models.BigIntegerField())': ["integer to bigint"],
    'AlterField("photo", "width", models.PositiveIntegerField())': ["values that it forbids"],
    'AlterField("photo", "price", models.DecimalField(max_digits=8, decimal_places=3))': ["numeric(8, 3)"],
    'AlterField("photo", "title", models.CharField(max_length=80, unique=True))': ["values that it forbids"],
    'AlterField("photo", "title", models.CharField(max_length=80, db_index=True))': ["AddIndexConcurrently"],
    'AlterField("photo", "title", models.CharField(max_length=80, db_collation="C"))': ["collation"],
    'AlterField("photo", "title", models.CharField(max_length=80, db_column="t"))': ['db_column="title"'],
    'AlterField("photo", "width", models.IntegerField(primary_key=True))': ["primary key"],
    'AlterField("photo", "state", models.CharField(max_length=9))': ["db_default"],
    'AlterField("photo", "album", models.ForeignKey("gallery.Named", models.CASCADE, related_name="+"))': [
        "another kind of value"
    ],
    'AlterField("photo", "album", models.OneToOneField("gallery.Album", models.CASCADE, related_name="+"))': [
        "forbids"
    ],
    'AlterUniqueTogether("photo", {("title", "width"), ("title", "text")})': ["rows that it forbids"],
    'AlterOrderWithRespectTo("photo", "album")': ["_order"],
    'AddIndex("photo", models.Index(fields=["title"], name="i"))': ["AddIndexConcurrently", "model photo"],
    'AddConstraint("photo", models.UniqueConstraint(fields=["title"], name="c"))': ["rows that it forbids"],
    'AddConstraint("photo", models.CheckConstraint(condition=models.Q(width__gt=0), name="c"))': ["forbids"],
    'RunSQL("DROP TABLE gallery_photo")': ["only you know"],
    "RunPython(lambda apps, editor: None)": ["Raw Python operation", "only you know"],
    'SeparateDatabaseAndState(database_operations=[RemoveField("photo", "alt")])': ["Remove field alt"],
    'RemoveCollation("c", "und")': ["only you know"],
}


@pytest.mark.parametrize("operation", SAFE)
def test_what_the_old_code_can_live_with_passes(operation, migrations):
    migrations.second(operation)
    assert migrations.find() == []


@pytest.mark.parametrize("operation", UNSAFE)
def test_what_breaks_the_old_code_is_found_and_named(operation, migrations):
    migrations.second(operation)
    (found,) = migrations.find()
    assert found.file == str(migrations.path / "0002_second.py")
    for words in UNSAFE[operation]:
        assert words in str(found)


NEW = 'CreateModel("Tag", [("id", models.BigAutoField(primary_key=True)), ("a", models.TextField(null=True))])'


@pytest.mark.parametrize(
    "operation",
    [
        'AddField("tag", "b", models.TextField())',
        'RemoveField("tag", "a")',
        'AlterField("tag", "a", models.TextField())',
        'RenameField("tag", "a", "b")',
        'AddIndex("tag", models.Index(fields=["a"], name="i"))',
        'AddConstraint("tag", models.UniqueConstraint(fields=["a"], name="c"))',
        'RenameModel("Tag", "Label"), AddField("label", "b", models.TextField())',
        'DeleteModel("Tag")',
    ],
)
def test_a_table_that_the_same_deploy_makes_is_nobody_s_yet(operation, migrations):
    migrations.second(f"{NEW}, {operation}")
    assert migrations.find() == []


def test_a_table_that_only_the_state_learns_of_was_there_before(migrations):
    migrations.second(f'SeparateDatabaseAndState(state_operations=[{NEW}]), RemoveField("tag", "a")')
    assert len(migrations.find()) == 1
