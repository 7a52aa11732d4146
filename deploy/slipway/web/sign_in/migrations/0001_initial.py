from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="Account",
            fields=[
                ("key", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("state", models.TextField()),
                ("version", models.BigIntegerField()),
                ("changed", models.BigIntegerField(db_index=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="KnownAddress",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account", models.CharField(max_length=32)),
                ("address", models.CharField(max_length=32)),
                ("seen", models.BigIntegerField(db_index=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("account", "address"), name="slipway_known_address"),
                ],
            },
        ),
    )
